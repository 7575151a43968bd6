package dynamodbstore

import (
	"context"
	"iter"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/loggedmodelfilter"
)

const (
	// defaultLoggedModels is the page size of a search that names none.
	// Source: MLflow 3.17, SEARCH_LOGGED_MODEL_MAX_RESULTS_DEFAULT.
	defaultLoggedModels = 50
	// maxLoggedModels is the most models of one page, each up to 20 KB.
	maxLoggedModels = 5000
)

// SearchLoggedModels returns the logged models of some experiments that match
// a filter and are not deleted, newest first unless OrderBy says otherwise.
// Models of deleted experiments are found too, as in MLflow. A page may be
// short, or empty, and still have a NextPageToken; it has at most 5,000 models,
// and ends where they take more than 24 MB as they are stored.
//
// Every model is as it was at some moment of the call. In the default order
// the call reads up to the end of the page; any other order reads all models of
// the experiments, and keeps those of the page. Models of one run, or of given
// ids, are looked up. A page of 50 small models of one experiment is 2 requests
// and 9 RCU; a model with much data costs a request of its own. A search that
// takes two minutes ends with [ErrUnavailable].
func (s *Store) SearchLoggedModels(ctx context.Context, p SearchLoggedModelsParams) (Page[*LoggedModel], error) {
	return inTime(ctx, p, s.searchLoggedModels)
}

// AllLoggedModels iterates over all pages of SearchLoggedModels. It stops at
// the first error, which it yields.
func (s *Store) AllLoggedModels(ctx context.Context, p SearchLoggedModelsParams) iter.Seq2[*LoggedModel, error] {
	return allPages(func(token string) (Page[*LoggedModel], error) {
		if token != "" {
			p.PageToken = token
		}
		return s.SearchLoggedModels(ctx, p)
	})
}

// loggedSearch is one request for logged models.
type loggedSearch struct {
	s      *Store
	query  *loggedmodelfilter.Query
	order  loggedOrder
	max    int
	after  filter.Tuple // position to continue behind; nil: the start
	states []*expState
}

type foundLogged = found[loggedView]

func (s *Store) searchLoggedModels(ctx context.Context, p SearchLoggedModelsParams) (Page[*LoggedModel], error) {
	var page Page[*LoggedModel]
	ms, err := s.newLoggedSearch(p)
	if err != nil {
		return page, err
	}
	if ms.states, err = s.experimentStates(ctx, p.ExperimentIDs); err != nil {
		return page, failure(err)
	}
	find := ms.inOtherOrder
	if ms.order.isDefault() {
		find = ms.inListOrder
	}
	found, last, err := find(ctx)
	if err != nil {
		return page, failure(err)
	}
	found, last = cutPage(found, ms.max, last)
	for _, f := range found {
		page.Items = append(page.Items, f.it.entity(f.it.e, f.it.points))
	}
	if last != nil {
		page.NextPageToken, err = newLoggedToken(p).encode(last)
	}
	return page, err
}

func (s *Store) newLoggedSearch(p SearchLoggedModelsParams) (*loggedSearch, error) {
	for _, d := range p.Datasets {
		if d.Name == "" {
			return nil, invalidf("`dataset_name` in the `datasets` clause must be specified.")
		}
	}
	ms := &loggedSearch{s: s, max: min(p.MaxResults, maxLoggedModels)}
	if p.MaxResults == 0 {
		ms.max = defaultLoggedModels
	}
	if p.MaxResults < 0 {
		return nil, invalidf("Invalid value %d for parameter 'max_results' supplied. It must be a positive integer", p.MaxResults)
	}
	position, err := newLoggedToken(p).decode(p.PageToken)
	if err != nil {
		return nil, err
	}
	if ms.query, err = loggedmodelfilter.Parse(p.Filter); err != nil {
		return nil, filterError(err)
	}
	for _, d := range p.Datasets {
		ms.query.Datasets = append(ms.query.Datasets, loggedmodelfilter.Dataset(d))
	}
	for _, id := range p.ExperimentIDs {
		if err := validateExperimentID(id); err != nil {
			return nil, err
		}
	}
	if ms.order, err = parseLoggedOrder(p.OrderBy); err != nil {
		return nil, err
	}
	if position != nil {
		if ms.after, err = filter.ParseTuple(position); err != nil || len(ms.after) != len(ms.order.keys) {
			return nil, invalidf("Invalid page token")
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
		f := foundLogged{m, ms.order.tuple(ms.query, m)}
		if ms.matches(f) {
			found = append(found, f)
			held += m.size()
		}
		if scanned == ms.s.limits.scanned || held > ms.s.limits.held {
			return found, f.tuple, nil
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
	return strings.Compare(a.id, b.id)
}

// inOtherOrder is the search in any other order: all models are looked at, and
// those of the page are kept.
func (ms *loggedSearch) inOtherOrder(ctx context.Context) ([]foundLogged, filter.Tuple, error) {
	first := &firsts[loggedView]{
		order: ms.order.keys, max: ms.max + 1, most: ms.s.limits.held, size: func(m loggedView) int { return m.size() },
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
			f := foundLogged{v, ms.order.tuple(ms.query, v)}
			if ms.matches(f) {
				first.offer(f.it, f.tuple)
			}
		}
	}
	found := first.take()
	if first.cut {
		return found, found[len(found)-1].tuple, nil
	}
	return found, nil, nil
}

// matches reports whether a model matches and is behind the position.
func (ms *loggedSearch) matches(f foundLogged) bool {
	return f.it.stage == StageActive && (ms.after == nil || ms.order.keys.Compare(f.tuple, ms.after) > 0) &&
		ms.query.Match(f.it)
}
