package dynamodbstore

import (
	"context"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// LogOutputs attaches models to an active run that it has made, by the known state
// of its experiment, see [Store]; whether they exist does not matter. A model that the run has at another step is
// BAD_REQUEST, where MLflow refuses the same step too: so a request whose
// answer was lost can be repeated.
//
// Atomic while the run is small, see [Store.LogParam]. 1 request, 1 WCU for
// each KB of the head; 3 WCU in all for a small run that was settled.
func (s *Store) LogOutputs(ctx context.Context, run string, models []ModelOutput) error {
	outputs := make([]Tag, len(models))
	steps := make(map[string]int64, len(models))
	for i, m := range models {
		if old, ok := steps[m.ModelID]; ok && old != m.Step {
			return errOutputLogged(run, m.ModelID)
		}
		steps[m.ModelID] = m.Step
		outputs[i] = Tag{m.ModelID, strconv.FormatInt(m.Step, 10)}
	}
	added := [entryKinds]dict{entryOutput: dictOf(outputs)}
	return failure(s.inState(ctx, run, func(e *expState) error {
		spilled, err := s.addEntries(ctx, run, e, &added, func(h *runHead) error {
			return checkOutputs(run, added[entryOutput], h.entries[entryOutput])
		})
		if err == nil && len(spilled) > 0 {
			err = s.checkSpilledOutputs(ctx, run, added[entryOutput])
		}
		return err
	}))
}

func errOutputLogged(run, model string) error {
	return errorf(CodeBadRequest, "Model with ID %s was already logged as an output of run with ID %s, at another step.",
		pyrepr.String(model), pyrepr.String(run))
}

// checkOutputs refuses outputs that a run has at another step.
func checkOutputs(run string, added, known dict) error {
	for ; len(added) > 0; added = added[2:] {
		if old, ok := known.get(added[0]); ok && old != added[1] {
			return errOutputLogged(run, added[0])
		}
	}
	return nil
}

// checkSpilledOutputs is checkOutputs for items of their own, which somebody
// may have written before.
func (s *Store) checkSpilledOutputs(ctx context.Context, run string, added dict) error {
	var ks []table.Key
	for d := added; len(d) > 0; d = d[2:] {
		ks = append(ks, s.ks.RunOverflow(run, entryOutput.prefix(), d[0]))
	}
	items, err := s.t.BatchGet(ctx, ks, table.Strong)
	if err != nil {
		return err
	}
	var known dict
	for _, it := range items {
		known = append(known, it.Str(keys.Key), it.Str(keys.Value))
	}
	return checkOutputs(run, added, sortedDict(known))
}
