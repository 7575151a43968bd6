package dynamodbstore

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// maxDatasetExperiments and maxDatasetSummaries bound one search for
	// datasets.
	// Source: MLflow 3.17, server/handlers.py, search_datasets_impl, and
	// sqlalchemy_store.py, _search_datasets.
	maxDatasetExperiments = 20
	maxDatasetSummaries   = 1000
)

// usesOfWrite is how many uses one write of a head puts.
const usesOfWrite = table.MaxTransact - 1 - maxMoves

// datasetUses are the datasets that one call logs as inputs of a run.
type datasetUses struct {
	s      *Store
	exp    string
	inputs []DatasetInput

	with, later []table.Item // put with the head, and behind it
	elsewhere   []string     // keys of inputs that stand in items of their own
}

// add has the next write of a head put the rows of those uses that may not be
// there; what the head knows already is put again behind it, since a call that
// was to do so may have been cut off. What the run has keeps its context.
func (u *datasetUses) add(h *runHead) error {
	u.with, u.later, u.elsewhere = nil, nil, nil
	seen := map[string]bool{}
	for _, in := range u.inputs {
		ref := datasetRef{in.Dataset.Name, in.Dataset.Digest, dictOf(in.Tags)}
		key, _ := ref.encode()
		if seen[key] {
			continue
		}
		seen[key] = true
		stored, known := h.entries[entryInput].get(key)
		if known {
			var err error
			if ref, err = parseDatasetRef(stored); err != nil {
				return err
			}
		}
		switch it := u.s.datasetUse(u.exp, ref); {
		case u.s.uses.Contains(it.Key.PK + it.Key.SK):
		case !known && h.frozen:
			u.elsewhere = append(u.elsewhere, key)
		case !known && len(h.uses)+len(u.with) < usesOfWrite:
			u.with = append(u.with, it)
		default:
			u.later = append(u.later, it)
		}
	}
	known := map[table.Key]bool{} // of other calls in the same write
	for _, it := range h.uses {
		known[it.Key] = true
	}
	h.uses = slices.Concat(h.uses, slices.DeleteFunc(slices.Clone(u.with), func(it table.Item) bool { return known[it.Key] }))
	return nil
}

// finish puts the rows that the head had no room for. An input in an item of
// its own may have been there, in another context, which it keeps: it is read.
func (u *datasetUses) finish(ctx context.Context, run string) error {
	if len(u.elsewhere) > 0 {
		ks := make([]table.Key, len(u.elsewhere))
		for i, key := range u.elsewhere {
			ks[i] = u.s.ks.RunOverflow(run, entryInput.prefix(), key)
		}
		items, err := u.s.t.BatchGet(ctx, ks, table.Strong)
		if err != nil {
			return err
		}
		for _, it := range items {
			ref, err := parseDatasetRef(it.Str(keys.Value))
			if err != nil {
				return err
			}
			u.later = append(u.later, u.s.datasetUse(u.exp, ref))
		}
	}
	if len(u.later) > 0 {
		if err := u.s.t.BatchWrite(ctx, u.later, nil); err != nil {
			return err
		}
	}
	for _, it := range slices.Concat(u.with, u.later) {
		u.s.uses.Add(it.Key.PK+it.Key.SK, struct{}{})
	}
	return nil
}

// datasetUse is the row of a use. It never changes, so it can be put again.
func (s *Store) datasetUse(exp string, ref datasetRef) table.Item {
	attrs := []table.Attr{
		{Name: keys.Version, Value: table.Number(schemaVersion)},
		{Name: keys.Name, Value: table.String(ref.name)},
		{Name: keys.Key, Value: table.String(ref.digest)},
	}
	var in *string
	if value, ok := ref.tags.get(datasetContextTag); ok {
		in = &value
		attrs = append(attrs, table.Attr{Name: keys.Context, Value: table.String(value)})
	}
	return table.NewItem(s.ks.DatasetUse(exp, ref.name, ref.digest, in), attrs...)
}

// SearchDatasets returns the datasets that runs of 1 to 20 experiments have
// used, and in which contexts, by experiment, name, digest and context; at most
// 1,000. As in MLflow deletions do not count: runs and experiments may be
// deleted by now. 2 requests; 1 RCU for each experiment and 1 for about 30
// datasets.
func (s *Store) SearchDatasets(ctx context.Context, experimentIDs []string) ([]DatasetSummary, error) {
	if len(experimentIDs) == 0 {
		return nil, invalidf("SearchDatasets request must specify at least one experiment_id.")
	}
	if n := len(experimentIDs); n > maxDatasetExperiments {
		return nil, invalidf("SearchDatasets request cannot specify more than %d experiment_ids. "+
			"Received %d experiment_ids.", maxDatasetExperiments, n)
	}
	for _, id := range experimentIDs {
		if err := validateExperimentID(id); err != nil {
			return nil, err
		}
	}
	states, err := s.experimentStates(ctx, experimentIDs)
	if err != nil {
		return nil, failure(err)
	}
	lists := make([][]DatasetSummary, len(states))
	g, ctx := errgroup.WithContext(ctx)
	for i, e := range states {
		g.Go(func() error {
			var err error
			lists[i], err = s.usesOf(ctx, e.id)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, failure(err)
	}
	all := slices.Concat(lists...)
	slices.SortFunc(all, func(a, b DatasetSummary) int {
		return cmp.Or(cmp.Compare(len(a.ExperimentID), len(b.ExperimentID)), strings.Compare(a.ExperimentID, b.ExperimentID),
			strings.Compare(a.Name, b.Name), strings.Compare(a.Digest, b.Digest), compareContexts(a.Context, b.Context))
	})
	return all[:min(len(all), maxDatasetSummaries)], nil
}

// compareContexts puts none before any.
func compareContexts(a, b *string) int {
	if a == nil || b == nil {
		return cmp.Compare(boolInt(a != nil), boolInt(b != nil))
	}
	return strings.Compare(*a, *b)
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// usesOf reads the uses of the datasets of one experiment, as many as a
// search returns.
func (s *Store) usesOf(ctx context.Context, exp string) ([]DatasetSummary, error) {
	var out []DatasetSummary
	q := table.Query{PK: s.ks.DatasetUsesPK(exp), From: "0", To: keys.Last, Limit: maxDatasetSummaries}
	for it, err := range table.Items(ctx, s.t, q) {
		if err != nil {
			return nil, err
		}
		d := DatasetSummary{ExperimentID: exp, Name: it.Str(keys.Name), Digest: it.Str(keys.Key)}
		if v, ok := it.Get(keys.Context); ok {
			d.Context = new(v.Str())
		}
		if out = append(out, d); len(out) == maxDatasetSummaries {
			break
		}
	}
	return out, nil
}
