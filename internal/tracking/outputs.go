package tracking

import (
	"context"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// LogOutputs attaches models to an active run that it has made, by the known
// state of its experiment, see Store.
func (s *Store) LogOutputs(ctx context.Context, runID string, models []mlflow.ModelOutput) error {
	outputs := make([]mlflow.Tag, len(models))
	steps := make(map[string]int64, len(models))
	for i, m := range models {
		if old, ok := steps[m.ModelID]; ok && old != m.Step {
			return errOutputLogged(runID, m.ModelID)
		}
		steps[m.ModelID] = m.Step
		outputs[i] = mlflow.Tag{Key: m.ModelID, Value: strconv.FormatInt(m.Step, 10)}
	}
	added := [run.EntryKinds]packed.Dict{run.EntryOutput: packed.DictOf(outputs)}
	return s.fence.InState(ctx, runID, func(e *experiment.State) error {
		spilled, err := s.addEntries(ctx, runID, e, &added, func(h *run.Head) error {
			return checkOutputs(runID, added[run.EntryOutput], h.Entries[run.EntryOutput])
		})
		if err == nil && len(spilled) > 0 {
			err = s.checkSpilledOutputs(ctx, runID, added[run.EntryOutput])
		}
		return err
	})
}

func errOutputLogged(run, model string) error {
	return failure.Errorf(mlflow.CodeBadRequest, "Model with ID %s was already logged as an output of run with ID %s, at another step.",
		pyrepr.String(model), pyrepr.String(run))
}

// checkOutputs refuses outputs that a run has at another step.
func checkOutputs(run string, added, known packed.Dict) error {
	for ; len(added) > 0; added = added[2:] {
		if old, ok := known.Get(added[0]); ok && old != added[1] {
			return errOutputLogged(run, added[0])
		}
	}
	return nil
}

// checkSpilledOutputs is checkOutputs for items of their own, which somebody
// may have written before.
func (s *Store) checkSpilledOutputs(ctx context.Context, runID string, added packed.Dict) error {
	var ks []table.Key
	for d := added; len(d) > 0; d = d[2:] {
		ks = append(ks, s.Keys.RunOverflow(runID, run.EntryOutput.Prefix(), d[0]))
	}
	items, err := s.Table.BatchGet(ctx, ks, table.Strong)
	if err != nil {
		return err
	}
	var known packed.Dict
	for _, it := range items {
		known = append(known, it.Str(keys.Key), it.Str(keys.Value))
	}
	return checkOutputs(runID, added, document.SortedDict(known))
}
