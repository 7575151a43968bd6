package loggedmodel

import (
	"context"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/loggedmodelfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/page"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

const (
	// defaultLoggedModels is the page size of a search that names none.
	// Source: MLflow 3.17, SEARCH_LOGGED_MODEL_MAX_RESULTS_DEFAULT.
	defaultLoggedModels = 50
	// maxLoggedModels is the most models of one page, each up to 20 KB.
	maxLoggedModels = 5000
)

// Search returns the logged models of some experiments that match a filter and
// are not deleted, newest first unless OrderBy says otherwise.
func (s *Store) Search(ctx context.Context, p mlflow.SearchLoggedModelsParams) (mlflow.Page[*mlflow.LoggedModel], error) {
	return page.InTime(ctx, p, s.search)
}

// loggedSearch is one request for logged models.
type loggedSearch struct {
	s      *Store
	query  *loggedmodelfilter.Query
	order  loggedOrder
	max    int
	after  filter.Tuple // position to continue behind; nil: the start
	states []*experiment.State
}

type foundLogged = page.Found[loggedView]

func (s *Store) search(ctx context.Context, p mlflow.SearchLoggedModelsParams) (mlflow.Page[*mlflow.LoggedModel], error) {
	var result mlflow.Page[*mlflow.LoggedModel]
	ms, err := s.newLoggedSearch(p)
	if err != nil {
		return result, err
	}
	if ms.states, err = s.experiments.States(ctx, p.ExperimentIDs); err != nil {
		return result, err
	}
	find := ms.inOtherOrder
	if ms.order.isDefault() {
		find = ms.inListOrder
	}
	found, last, err := find(ctx)
	if err != nil {
		return result, err
	}
	found, last = page.Cut(found, ms.max, last)
	for _, f := range found {
		result.Items = append(result.Items, f.Value.entity(f.Value.e, f.Value.points))
	}
	if last != nil {
		result.NextPageToken, err = newLoggedToken(p).encode(last)
	}
	return result, err
}

func (s *Store) newLoggedSearch(p mlflow.SearchLoggedModelsParams) (*loggedSearch, error) {
	for _, d := range p.Datasets {
		if d.Name == "" {
			return nil, failure.Invalidf("`dataset_name` in the `datasets` clause must be specified.")
		}
	}
	ms := &loggedSearch{s: s, max: min(p.MaxResults, maxLoggedModels)}
	if p.MaxResults == 0 {
		ms.max = defaultLoggedModels
	}
	if p.MaxResults < 0 {
		return nil, failure.Invalidf("Invalid value %d for parameter 'max_results' supplied. It must be a positive integer", p.MaxResults)
	}
	position, err := newLoggedToken(p).decode(p.PageToken)
	if err != nil {
		return nil, err
	}
	if ms.query, err = loggedmodelfilter.Parse(p.Filter); err != nil {
		return nil, page.FilterError(err)
	}
	for _, d := range p.Datasets {
		ms.query.Datasets = append(ms.query.Datasets, loggedmodelfilter.Dataset(d))
	}
	for _, id := range p.ExperimentIDs {
		if err := validate.ExperimentID(id); err != nil {
			return nil, err
		}
	}
	if ms.order, err = parseLoggedOrder(p.OrderBy); err != nil {
		return nil, err
	}
	if position != nil {
		if ms.after, err = filter.ParseTuple(position); err != nil || len(ms.after) != len(ms.order.keys) {
			return nil, failure.Invalidf("Invalid page token")
		}
	}
	return ms, nil
}

// inListOrder is the search in the default order. It returns the position to
// continue from, nil at the end.
func (ms *loggedSearch) inListOrder(ctx context.Context) (found []foundLogged, bound filter.Tuple, err error) {
	streams, held := ms.streams(), 0
	for scanned := 1; len(found) <= ms.max; scanned++ {
		next, err := firstLogged(ctx, streams)
		if err != nil || next == nil {
			return found, nil, err
		}
		m := loggedView{next.take(), next.e}
		f := foundLogged{Value: m, Tuple: ms.order.tuple(ms.query, m)}
		if ms.matches(f) {
			found = append(found, f)
			held += m.size()
		}
		if scanned == ms.s.Limits.Scanned || held > ms.s.Limits.Held {
			return found, f.Tuple, nil
		}
	}
	return found, nil, nil
}

// firstLogged returns the stream whose next model is the first in the default
// order; nil at the end.
func firstLogged(ctx context.Context, streams []*loggedStream) (*loggedStream, error) {
	var best *loggedStream
	var first *loadedModel
	for _, st := range streams {
		m, err := st.peek(ctx)
		if err != nil {
			return nil, err
		}
		if m != nil && (first == nil || compareLoggedPlaces(m, first) < 0) {
			best, first = st, m
		}
	}
	return best, nil
}

func compareLoggedPlaces(a, b *loadedModel) int {
	if a.created != b.created {
		if a.created > b.created {
			return -1
		}
		return 1
	}
	return strings.Compare(a.ID, b.ID)
}

// inOtherOrder is the search in any other order: all models are looked at, and
// those of the page are kept.
func (ms *loggedSearch) inOtherOrder(ctx context.Context) ([]foundLogged, filter.Tuple, error) {
	first := &page.Firsts[loggedView]{
		Order: ms.order.keys, Max: ms.max + 1, Most: ms.s.Limits.Held, Size: func(m loggedView) int { return m.size() },
	}
	for _, st := range ms.streams() {
		for {
			m, err := st.peek(ctx)
			if err != nil {
				return nil, nil, err
			}
			if m == nil {
				break
			}
			v := loggedView{st.take(), st.e}
			f := foundLogged{Value: v, Tuple: ms.order.tuple(ms.query, v)}
			if ms.matches(f) {
				first.Offer(f.Value, f.Tuple)
			}
		}
	}
	found := first.Take()
	if first.Cut {
		return found, found[len(found)-1].Tuple, nil
	}
	return found, nil, nil
}

// matches reports whether a model matches and is behind the position.
func (ms *loggedSearch) matches(f foundLogged) bool {
	return f.Value.Stage == mlflow.StageActive && (ms.after == nil || ms.order.keys.Compare(f.Tuple, ms.after) > 0) &&
		ms.query.Match(f.Value)
}
