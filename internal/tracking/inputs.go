package tracking

import (
	"context"
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/run"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// LogInputs attaches datasets and models to an active run, by the known state
// of its experiment, see Store.
func (s *Store) LogInputs(ctx context.Context, p mlflow.LogInputsParams) error {
	if err := validate.RunID(p.RunID); err != nil {
		return err
	}
	if err := validate.DatasetInputs(p.Datasets); err != nil {
		return err
	}
	return s.fence.InState(ctx, p.RunID, func(e *experiment.State) error { return s.logInputs(ctx, p, e) })
}

func (s *Store) logInputs(ctx context.Context, p mlflow.LogInputsParams, e *experiment.State) error {
	if err := s.fence.CheckRunActive(ctx, p.RunID, e); err != nil {
		return err
	}
	var inputs []mlflow.Tag
	seen := map[string]bool{}
	for _, in := range p.Datasets {
		if err := s.datasets.Put(ctx, e.ID, in.Dataset); err != nil {
			return err
		}
		key, value := run.DatasetRef{Name: in.Dataset.Name, Digest: in.Dataset.Digest, Tags: packed.DictOf(in.Tags)}.Encode()
		if !seen[key] {
			seen[key] = true
			inputs = append(inputs, mlflow.Tag{Key: key, Value: value})
		}
	}
	models := make([]mlflow.Tag, len(p.Models))
	for i, m := range p.Models {
		models[i].Key = m
	}
	added := [run.EntryKinds]packed.Dict{run.EntryInput: packed.DictOf(inputs), run.EntryModel: packed.DictOf(models)}
	uses := &datasetUses{s: s, exp: e.ID, inputs: p.Datasets}
	if _, err := s.addEntries(ctx, p.RunID, e, &added, uses.add); err != nil {
		return err
	}
	return uses.finish(ctx, p.RunID)
}

// addEntries adds entries that stay as they are once they are there, if the
// head allows it, and returns those that stand in items of their own.
func (s *Store) addEntries(ctx context.Context, runID string, e *experiment.State, added *[run.EntryKinds]packed.Dict,
	check func(h *run.Head) error,
) (spilled []overflow, err error) {
	_, err = s.fence.ChangeHead(ctx, runID, func(h *run.Head) (bool, error) {
		spilled = nil
		if err := h.CheckActive(e); err != nil {
			return false, err
		}
		if err := check(h); err != nil {
			return false, err
		}
		frozen, changed := h.Frozen, false
		for k, d := range added {
			kind := run.EntryKind(k)
			fresh := without(d, h.Entries[kind])
			out := h.SetEntries(kind, fresh)
			spilled = append(spilled, puts(kind, out)...)
			changed = changed || len(out) < len(fresh)
		}
		changed = changed || h.Frozen != frozen
		if changed {
			h.Touch()
		}
		return changed, nil
	})
	if err != nil {
		return nil, err
	}
	return spilled, s.writeOverflow(ctx, runID, e, spilled)
}

// without returns the entries of d whose keys o does not have.
func without(d, o packed.Dict) packed.Dict {
	var out packed.Dict
	for i := 0; i < len(d); i += 2 {
		if _, ok := o.Get(d[i]); !ok {
			out = append(out, d[i], d[i+1])
		}
	}
	return out
}

// usesOfWrite is how many uses one write of a head puts.
const usesOfWrite = table.MaxTransact - 1 - run.MaxMoves

// datasetUses are the datasets that one call logs as inputs of a run.
type datasetUses struct {
	s      *Store
	exp    string
	inputs []mlflow.DatasetInput

	with, later []table.Item // put with the head, and behind it
	elsewhere   []string     // keys of inputs that stand in items of their own
}

// add has the next write of a head put the rows of those uses that may not be
// there; what the head knows already is put again behind it, since a call that
// was to do so may have been cut off. What the run has keeps its context.
func (u *datasetUses) add(h *run.Head) error {
	u.with, u.later, u.elsewhere = nil, nil, nil
	seen := map[string]bool{}
	for _, in := range u.inputs {
		ref := run.DatasetRef{Name: in.Dataset.Name, Digest: in.Dataset.Digest, Tags: packed.DictOf(in.Tags)}
		key, _ := ref.Encode()
		if seen[key] {
			continue
		}
		seen[key] = true
		stored, known := h.Entries[run.EntryInput].Get(key)
		if known {
			var err error
			if ref, err = run.ParseDatasetRef(stored); err != nil {
				return err
			}
		}
		switch it := u.s.datasets.Use(u.exp, ref); {
		case u.s.uses.Contains(it.Key.PK + it.Key.SK):
		case !known && h.Frozen:
			u.elsewhere = append(u.elsewhere, key)
		case !known && len(h.Uses)+len(u.with) < usesOfWrite:
			u.with = append(u.with, it)
		default:
			u.later = append(u.later, it)
		}
	}
	known := map[table.Key]bool{} // of other calls in the same write
	for _, it := range h.Uses {
		known[it.Key] = true
	}
	h.Uses = slices.Concat(h.Uses, slices.DeleteFunc(slices.Clone(u.with), func(it table.Item) bool { return known[it.Key] }))
	return nil
}

// finish puts the rows that the head had no room for. An input in an item of
// its own may have been there, in another context, which it keeps: it is read.
func (u *datasetUses) finish(ctx context.Context, runID string) error {
	if len(u.elsewhere) > 0 {
		ks := make([]table.Key, len(u.elsewhere))
		for i, key := range u.elsewhere {
			ks[i] = u.s.Keys.RunOverflow(runID, run.EntryInput.Prefix(), key)
		}
		items, err := u.s.Table.BatchGet(ctx, ks, table.Strong)
		if err != nil {
			return err
		}
		for _, it := range items {
			ref, err := run.ParseDatasetRef(it.Str(keys.Value))
			if err != nil {
				return err
			}
			u.later = append(u.later, u.s.datasets.Use(u.exp, ref))
		}
	}
	if len(u.later) > 0 {
		if err := u.s.Table.BatchWrite(ctx, u.later, nil); err != nil {
			return err
		}
	}
	for _, it := range slices.Concat(u.with, u.later) {
		u.s.uses.Add(it.Key.PK+it.Key.SK, struct{}{})
	}
	return nil
}
