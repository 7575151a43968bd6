package dynamodbstore_test

import "testing"

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
	interleaveAll(t, []string{"logged model", "full logged model"}, loggedModelMatches)
}
