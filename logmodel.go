package dynamodbstore

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// logModelTag lists the models that clients before MLflow 3 have logged to a
// run, as JSON, oldest first.
const logModelTag = "mlflow.log-model.history"

// LogModel adds a model, a JSON object, to the list in the tag
// mlflow.log-model.history of an active run, by the known state of its experiment,
// see [Store], as clients before MLflow 3 do for each model that they log. What the list holds stays as it is written. A run
// that does not exist is RESOURCE_DOES_NOT_EXIST; one that is deleted, a tag
// that is no list, and a list that would pass the 400 KB of an item are
// INVALID_PARAMETER_VALUE. As in MLflow the list may pass the 8,000 characters
// of other tags, unless [WithTruncateLongValues] is off: half a list is no JSON.
//
// Atomic: none of several that are logged at once is lost, by whichever
// servers. A call that is repeated because its answer was lost adds the model
// twice, as in MLflow. 1 request, 1 WCU for each KB of the head; 3 WCU in all
// for a small run that was settled. A list in an item of its own: 3 requests,
// and 2 WCU and 1 RCU for each KB of the list.
//
// Source: MLflow 3.17, store/tracking/sqlalchemy_store.py, record_logged_model.
func (s *Store) LogModel(ctx context.Context, run, model string) error {
	return failure(s.inState(ctx, run, func(e *expState) error { return s.logModel(ctx, run, model, e) }))
}

func (s *Store) logModel(ctx context.Context, run, model string, e *expState) error {
	elsewhere := false
	_, err := s.changeHead(ctx, run, func(h *runHead) (bool, error) {
		elsewhere = false
		if err := h.checkActive(e); err != nil {
			return false, err
		}
		old, inline := h.entries[entryTag].get(logModelTag)
		if !inline && h.frozen {
			elsewhere = true
			return false, nil
		}
		next, err := s.withModel(old, inline, model)
		if err != nil {
			return false, err
		}
		// What does not fit freezes the head, and is added to an item of its
		// own behind that. A crash in between leaves a run without the model.
		elsewhere = len(h.setEntries(entryTag, dict{logModelTag, next})) > 0
		h.touch()
		return true, nil
	})
	if err == nil && elsewhere {
		err = s.addSpilledModel(ctx, run, e, model)
	}
	return err
}

// addSpilledModel adds a model to a list in an item of its own, which is
// replaced on the condition that it is still what was read, and that the
// registers are open: a run that is settled is reopened first.
func (s *Store) addSpilledModel(ctx context.Context, run string, e *expState, model string) error {
	key := s.ks.RunOverflow(run, keys.TagPrefix, logModelTag)
	for attempt := 0; ; attempt++ {
		it, found, err := s.t.Get(ctx, key, table.Strong)
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
		err = s.t.Transact(ctx, uuid.NewString(),
			table.Put{Item: overflowItem(key, logModelTag, next), Cond: cond},
			table.Check{Key: s.ks.RunMetrics(run, 0), Cond: isOpen()})
		var lost *table.CanceledError
		if !errors.As(err, &lost) {
			return err
		}
		if fence := lost.Failed[1]; fence != nil {
			if err := s.openRegisters(ctx, run, e, fence); err != nil {
				return err
			}
		}
		if err := backOff(ctx, attempt); err != nil {
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
			return "", invalidf("The tag '%s' of the run is not a list of models.", logModelTag)
		}
		if known := strings.TrimSpace(list[1 : len(list)-1]); known != "" {
			next = "[" + known + ", " + model + "]"
		}
	}
	if s.truncate {
		return next, nil
	}
	return next, checkLength("value", maxTagValue, next)
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
