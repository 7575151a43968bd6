package page

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// MaxSearchResults is the most runs or experiments of one page.
// Source: MLflow 3.17, SEARCH_MAX_RESULTS_THRESHOLD.
const MaxSearchResults = 50000

// DefaultSearchResults is the page size of a search that names none.
const DefaultSearchResults = 1000

// searchDeadline is how long a search may take: less than the open row of
// a run that has just settled stays.
const searchDeadline = 2 * time.Minute

// InTime makes a search that takes no longer than searchDeadline.
func InTime[P, T any](ctx context.Context, p P, search func(context.Context, P) (mlflow.Page[T], error)) (mlflow.Page[T], error) {
	inner, cancel := context.WithTimeout(ctx, searchDeadline)
	defer cancel()
	page, err := search(inner, p)
	if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		err = &mlflow.Error{Code: mlflow.CodeTemporarilyUnavailable, Message: searchTooLong, Err: err}
	}
	return page, err
}

// searchTooLong is what a client gets to know when searchDeadline has passed.
const searchTooLong = "The search took longer than 2 minutes. Please try again later, or search with smaller pages, " +
	"fewer experiments or a narrower filter."

// All walks over the pages that fetch returns until one has no token.
func All[T any](fetch func(token string) (mlflow.Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for token := ""; ; {
			page, err := fetch(token)
			if err != nil {
				var zero T
				yield(zero, err)
				return
			}
			for _, x := range page.Items {
				if !yield(x, nil) {
					return
				}
			}
			if token = page.NextPageToken; token == "" {
				return
			}
		}
	}
}

// parsePosition reads a page token of a search in that order.
func parsePosition(token string, d Digest, order filter.Order) (filter.Tuple, error) {
	if token == "" {
		return nil, nil
	}
	b, err := DecodeToken(token, d)
	if err != nil {
		return nil, err
	}
	t, err := filter.ParseTuple(b)
	if err != nil || !order.Fits(t) {
		return nil, failure.Invalidf("Invalid page token")
	}
	return t, nil
}

// FilterError turns an error of a filter into one for clients.
func FilterError(err error) error {
	if f, ok := errors.AsType[*filter.Error](err); ok {
		return &mlflow.Error{Code: mlflow.CodeInvalidParameterValue, Message: f.Message}
	}
	return err
}

// Shows reports whether entities of a stage are in a view.
func Shows(v mlflow.ViewType, stage mlflow.LifecycleStage) bool {
	switch v {
	case mlflow.ViewAll:
		return true
	case mlflow.ViewDeletedOnly:
		return stage == mlflow.StageDeleted
	default:
		return stage == mlflow.StageActive
	}
}
