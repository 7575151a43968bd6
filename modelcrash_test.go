package dynamodbstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestStopModelsEverywhere is TestStopEverywhere for registered models.
func TestStopModelsEverywhere(t *testing.T) {
	t.Parallel()
	for _, state := range sweptStates(modelScenes) {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			sweepState(t, state, modelActs)
		})
	}
	if raced() {
		return
	}
	t.Run("dynamodb", func(t *testing.T) {
		t.Parallel()
		sweepDynamo(t, "models", modelActs, "RenameRegisteredModel ", "CreateModelVersion ")
	})
}

// TestFailedModelCalls fails calls, and ends the contexts of their callers.
func TestFailedModelCalls(t *testing.T) {
	t.Parallel()
	for state, acts := range map[string][]act{
		"models": modelActs, "full models": modelActs,
		"logged model": loggedModelActs, "full logged model": loggedModelActs, "deleted logged model": loggedModelActs,
	} {
		t.Run(state, func(t *testing.T) {
			t.Parallel()
			clock := newStillClock()
			for _, a := range acts {
				sw := &sweep{tab: memoryTable(t, clock), clock: clock, state: state}
				o := sw.outcome(t, a)
				k := 1
				for sw.refuseAt(t, a, o, k) {
					k = nextCall(k)
				}
				k = 1
				for sw.hangAt(t, a, o, k) {
					k = nextCall(k)
				}
			}
		})
	}
}

// modelMatches are the acts on models that meet in a state, see matches.
var modelMatches = []string{
	"RenameRegisteredModel", "UpdateRegisteredModel", "DeleteRegisteredModel", "CreateRegisteredModel of a name taken", "CreateRegisteredModel",
	"SetRegisteredModelTag", "SetRegisteredModelAlias", "CreateModelVersion", "CreateModelVersion large",
	"TransitionModelVersionStage", "TransitionModelVersionStage archiving", "TransitionModelVersionStage archiving others",
	"DeleteModelVersion", "SetModelVersionTag", "SetModelVersionTag of a prompt", "UpdateModelVersion",
}

// TestInterleaveModels lets two Stores act on one model at once, call by call:
// it ends as if one had come after the other.
func TestInterleaveModels(t *testing.T) {
	t.Parallel()
	interleaveAll(t, []string{"models", "full models"}, modelMatches)
}

// interleaveAll lets each pair of acts meet in each state.
func interleaveAll(t *testing.T, states, matches []string) {
	t.Helper()
	for _, state := range states {
		for i, a := range matches {
			t.Run(fmt.Sprint(state, " ", a), func(t *testing.T) {
				t.Parallel()
				clock := newStillClock()
				tab, drop := briefTable(t, clock)
				defer drop()
				mt := &match{sweep: sweep{tab: configured(t, tab, clock), clock: clock, state: state}, sch: newScheduler()}
				for _, b := range matches[i:] {
					mt.meet(t, a, b)
				}
				clock.Advance(3 * time.Hour)
				require.NotEmpty(t, mt.points)
			})
		}
	}
}
