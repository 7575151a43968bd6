package dynamodbstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// loggedModelMatches are the acts on a logged model, and on the run that made
// it, that meet in a state, see matches.
var loggedModelMatches = []string{
	"FinalizeLoggedModel", "DeleteLoggedModel", "SetLoggedModelTags", "SetLoggedModelTags long", "DeleteLoggedModelTag",
	"DeleteLoggedModelTag elsewhere", "LogLoggedModelParams", "LogLoggedModelParams changed", "AddModelVersionToLoggedModel",
	"LogOutputs", "LogMetric of a logged model", "UpdateRun end",
}

// TestInterleaveLoggedModels lets two Stores act on one logged model at once,
// call by call: it ends as if one had come after the other.
func TestInterleaveLoggedModels(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"logged model", "full logged model"} {
		for i, a := range loggedModelMatches {
			t.Run(fmt.Sprint(state, " ", a), func(t *testing.T) {
				t.Parallel()
				clock := newStillClock()
				tab, drop := briefTable(t, clock)
				defer drop()
				mt := &match{sweep: sweep{tab: configured(t, tab, clock), clock: clock, state: state}, sch: newScheduler()}
				for _, b := range loggedModelMatches[i:] {
					mt.meet(t, a, b)
				}
				clock.Advance(3 * time.Hour)
				require.NotEmpty(t, mt.points)
			})
		}
	}
}
