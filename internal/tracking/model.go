package tracking

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/fence"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
)

// logModelTag lists the models that clients before MLflow 3 have logged to a
// run, as JSON, oldest first.
const logModelTag = "mlflow.log-model.history"

// LogModel adds a model, a JSON object, to the list in the tag
// mlflow.log-model.history of an active run, by the known state of its
// experiment, see Store, as clients before MLflow 3 do for each model that they
// log.
func (s *Store) LogModel(ctx context.Context, run, model string) error {
	return s.fence.InState(ctx, run, func(e *experiment.State) error { return s.logModel(ctx, run, model, e) })
}

func (s *Store) logModel(ctx context.Context, runID, model string, e *experiment.State) error {
	elsewhere := false
	_, err := s.fence.ChangeHead(ctx, runID, func(h *run.Head) (bool, error) {
		elsewhere = false
		if err := h.CheckActive(e); err != nil {
			return false, err
		}
		old, inline := h.Entries[run.EntryTag].Get(logModelTag)
		if !inline && h.Frozen {
			elsewhere = true
			return false, nil
		}
		next, err := s.withModel(old, inline, model)
		if err != nil {
			return false, err
		}
		// What does not fit freezes the head, and is added to an item of its
		// own behind that. A crash in between leaves a run without the model.
		elsewhere = len(h.SetEntries(run.EntryTag, packed.Dict{logModelTag, next})) > 0
		h.Touch()
		return true, nil
	})
	if err == nil && elsewhere {
		err = s.addSpilledModel(ctx, runID, e, model)
	}
	return err
}

// addSpilledModel adds a model to a list in an item of its own, which is
// replaced on the condition that it is still what was read, and that the
// registers are open: a run that is settled is reopened first.
func (s *Store) addSpilledModel(ctx context.Context, run string, e *experiment.State, model string) error {
	key := s.Keys.RunOverflow(run, keys.TagPrefix, logModelTag)
	for attempt := 0; ; attempt++ {
		it, found, err := s.Table.Get(ctx, key, table.Strong)
		if err != nil {
			return err
		}
		old := it.Str(keys.Value)
		next, err := s.withModel(old, found, model)
		if err != nil {
			return err
		}
		cond := table.Absent()
		if found {
			cond = table.Equal(table.Attr{Name: keys.Value, Value: table.String(old)})
		}
		err = s.Table.Transact(ctx, uuid.NewString(),
			table.Put{Item: document.OverflowItem(key, logModelTag, next), Cond: cond},
			table.Check{Key: s.Keys.RunMetrics(run, 0), Cond: fence.IsOpen()})
		var lost *table.CanceledError
		if !errors.As(err, &lost) {
			return err
		}
		if fence := lost.Failed[1]; fence != nil {
			if err := s.fence.OpenRegisters(ctx, run, e, fence); err != nil {
				return err
			}
		}
		if err := document.BackOff(ctx, attempt); err != nil {
			return err
		}
	}
}

// withModel returns a list with one model more.
func (s *Store) withModel(list string, found bool, model string) (string, error) {
	next := "[" + model + "]"
	if found {
		list = strings.TrimSpace(list)
		if !strings.HasPrefix(list, "[") || !json.Valid([]byte(plainJSON(list))) {
			return "", failure.Invalidf("The tag '%s' of the run is not a list of models.", logModelTag)
		}
		if known := strings.TrimSpace(list[1 : len(list)-1]); known != "" {
			next = "[" + known + ", " + model + "]"
		}
	}
	if s.Truncate {
		return next, nil
	}
	return next, validate.CheckLength("value", validate.MaxTagValue, next)
}

// plainJSON replaces the numbers that Python writes and JSON does not know.
func plainJSON(text string) string {
	if !strings.Contains(text, "NaN") && !strings.Contains(text, "Infinity") {
		return text
	}
	parts := strings.Split(text, `"`)
	for i, inside := 0, false; i < len(parts); i++ {
		if !inside {
			parts[i] = strings.NewReplacer("NaN", "0", "Infinity", "0").Replace(parts[i])
		}
		// An odd number of backslashes makes a quote part of its string.
		part := parts[i]
		escaped := (len(part)-len(strings.TrimRight(part, `\`)))%2 == 1
		inside = !inside || escaped
	}
	return strings.Join(parts, `"`)
}
