package rest

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
)

// Headers that explain a search: the one of the request asks for the others,
// which its answer has, an error too.
const (
	headerExplain = "X-MLflow-Explain"       // of the request: "true" or "1"
	headerPlan    = "X-MLflow-Explain-Plan"  // such as "run list", without any value of the filter
	headerRows    = "X-MLflow-Explain-Rows"  // such as "128 index, 0 list, 10 fetched, 1 open"
	headerUnits   = "X-MLflow-Explain-Units" // such as "4 requests, 18 RCU, 0 WCU"
)

// explained makes the endpoint of a search explain itself to who asks for it.
func explained(search http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if asked, err := strconv.ParseBool(r.Header.Get(headerExplain)); err != nil || !asked {
			search(w, r)
			return
		}
		e := new(explain.Explanation)
		search(&explainingWriter{w, e}, r.WithContext(explain.With(r.Context(), func(x explain.Explanation) { *e = x })))
	}
}

// explainingWriter adds the headers once the search is done.
type explainingWriter struct {
	http.ResponseWriter
	e *explain.Explanation
}

func (w *explainingWriter) WriteHeader(code int) {
	header := w.Header()
	header.Set(headerPlan, w.e.Plan)
	header.Set(headerRows, fmt.Sprintf("%d index, %d list, %d fetched, %d open",
		w.e.IndexRows, w.e.ListRows, w.e.Fetched, w.e.OpenRuns))
	header.Set(headerUnits, w.e.Units.String())
	w.ResponseWriter.WriteHeader(code)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *explainingWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
