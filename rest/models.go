package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
)

func (h *handler) addModelRoutes() {
	const base = "/mlflow/registered-models/"
	h.add("2.0", http.MethodPost, base+"create", query(h, createModelSpec(), h.createModel))
	h.add("2.0", http.MethodPost, base+"rename", query(h, modelSpec("name", "new_name"),
		modelAnswer(func(ctx context.Context, q *modelRequest) (*dynamodbstore.RegisteredModel, error) {
			return h.store.RenameRegisteredModel(ctx, q.name, q.newName)
		})))
	h.add("2.0", http.MethodPatch, base+"update", query(h, modelSpec("name").with(texts("description"), text("description")),
		modelAnswer(func(ctx context.Context, q *modelRequest) (*dynamodbstore.RegisteredModel, error) {
			return h.store.UpdateRegisteredModel(ctx, dynamodbstore.UpdateRegisteredModelParams{
				Name: q.name, Description: q.description,
			})
		})))
	h.add("2.0", http.MethodGet, base+"get", query(h, modelSpec("name"),
		modelAnswer(func(ctx context.Context, q *modelRequest) (*dynamodbstore.RegisteredModel, error) {
			return h.store.GetRegisteredModel(ctx, q.name)
		})))
	h.add("2.0", http.MethodDelete, base+"delete", command(h, modelSpec("name"),
		func(ctx context.Context, q *modelRequest) error { return h.store.DeleteRegisteredModel(ctx, q.name) }))
	h.add("2.0", http.MethodGet, base+"search", explained(streamed(h, searchModelsSpec(1000), h.searchModels)))
	h.add("2.0", http.MethodPost, base+"set-tag",
		command(h, modelSpec("name", "key").with(texts("value"), text("value")),
			func(ctx context.Context, q *modelRequest) error {
				return h.store.SetRegisteredModelTag(ctx, q.name, dynamodbstore.Tag{Key: q.key, Value: q.value})
			}))
	h.add("2.0", http.MethodDelete, base+"delete-tag", command(h, modelSpec("name", "key"),
		func(ctx context.Context, q *modelRequest) error {
			return h.store.DeleteRegisteredModelTag(ctx, q.name, q.key)
		}))
	h.add("2.0", http.MethodPost, base+"alias", command(h, modelSpec("name", "alias", "version"),
		onVersion(func(ctx context.Context, q *modelRequest, version int) error {
			return h.store.SetRegisteredModelAlias(ctx, q.name, q.alias, version)
		})))
	h.add("2.0", http.MethodDelete, base+"alias", command(h, modelSpec("name", "alias"),
		func(ctx context.Context, q *modelRequest) error {
			return h.store.DeleteRegisteredModelAlias(ctx, q.name, q.alias)
		}))
	h.addVersionRoutes()
}

// modelRequest is a request about one registered model or one of its versions.
type modelRequest struct {
	name, newName, description string
	version                    string
	alias, stage               string
	key, value                 string
	stages                     []string
	archive                    bool
	described                  bool // there is a description, which may be empty
}

// field returns where a member of the request goes, nil if it is no string.
func (q *modelRequest) field(name string) *string {
	switch name {
	case "name":
		return &q.name
	case "new_name":
		return &q.newName
	case "description":
		return &q.description
	case "version":
		return &q.version
	case "alias":
		return &q.alias
	case "stage":
		return &q.stage
	case "key":
		return &q.key
	case "value":
		return &q.value
	default:
		return nil
	}
}

func scanModel(s *scanner, name []byte, q *modelRequest) {
	if string(name) == "description" {
		q.described = s.peek() != 'n' // null
	}
	if field := q.field(string(name)); field != nil {
		*field = s.strOrNull()
		return
	}
	switch string(name) {
	case "stages":
		q.stages = s.strs()
	case "archive_existing_versions":
		q.archive = s.flag()
	default:
		s.unknown(name)
	}
}

// modelSpec is for requests of which some strings are required.
func modelSpec(names ...string) *spec[modelRequest] {
	p := &spec[modelRequest]{
		fields: texts(names...), scan: scanModel,
		fits: func(q *modelRequest) bool {
			for _, name := range names {
				if *q.field(name) == "" {
					return false
				}
			}
			return true
		},
	}
	for _, name := range names {
		p.rules = append(p.rules, textRequired(name))
	}
	return p
}

func createModelSpec() *spec[dynamodbstore.CreateRegisteredModelParams] {
	return &spec[dynamodbstore.CreateRegisteredModelParams]{
		fields: append(texts("name", "description", "deployment_job_id"), messages("tags", pairFields()...)),
		rules:  []rule{textRequired("name"), array("tags"), text("description")},
		scan: func(s *scanner, name []byte, q *dynamodbstore.CreateRegisteredModelParams) {
			switch string(name) {
			case "name":
				q.Name = s.strOrNull()
			case "description":
				q.Description = s.strOrNull()
			case "tags":
				q.Tags = scanTags(s)
			default:
				s.unknown(name)
			}
		},
		fits: func(q *dynamodbstore.CreateRegisteredModelParams) bool { return q.Name != "" },
	}
}

// modelSearch is a search for registered models or for their versions.
type modelSearch struct {
	filter, pageToken string
	orderBy           []string
	maxResults        int
}

func searchModelsSpec(limit int) *spec[modelSearch] {
	return &spec[modelSearch]{
		fields: []field{
			f("filter", typeString), f("max_results", typeInt64), list(f("order_by", typeString)), f("page_token", typeString),
		},
		rules: []rule{
			text("filter"),
			{"max_results", []check{isIntLike(), between(-1<<62, int64(limit), "")}},
			{"order_by", []check{isArray(), itemsAreStrings()}},
			text("page_token"),
		},
		scan: func(s *scanner, name []byte, q *modelSearch) {
			switch string(name) {
			case "filter":
				q.filter = s.strOrNull()
			case "max_results":
				if q.maxResults = 0; !s.null() {
					q.maxResults = nonZero(int(s.integer()))
				}
			case "order_by":
				q.orderBy = s.strs()
			case "page_token":
				q.pageToken = s.strOrNull()
			default:
				s.unknown(name)
			}
		},
		fits: func(q *modelSearch) bool { return q.maxResults <= limit },
	}
}

// results returns the size of a page, 0 if the request leaves it open. What is
// not positive is refused; MLflow answers it with empty pages without end where
// registered models are searched.
func (q *modelSearch) results() (int, error) {
	switch {
	case q.maxResults == explicitZero:
		return 0, invalid("Invalid value for max_results. It must be a positive integer, but got 0")
	case q.maxResults < 0:
		return 0, invalid("Invalid value for max_results. It must be a positive integer, but got " + strconv.Itoa(q.maxResults))
	}
	return q.maxResults, nil
}

func (h *handler) createModel(ctx context.Context, b []byte, q *dynamodbstore.CreateRegisteredModelParams) ([]byte, error) {
	m, err := h.store.CreateRegisteredModel(ctx, *q)
	return appendOneModel(b, m), err
}

// modelAnswer makes an endpoint answer with a registered model.
func modelAnswer(
	do func(ctx context.Context, q *modelRequest) (*dynamodbstore.RegisteredModel, error),
) func(context.Context, []byte, *modelRequest) ([]byte, error) {
	return func(ctx context.Context, b []byte, q *modelRequest) ([]byte, error) {
		m, err := do(ctx, q)
		return appendOneModel(b, m), err
	}
}

func (h *handler) searchModels(ctx context.Context, a *answer, q *modelSearch) error {
	results, err := q.results()
	if err != nil {
		return err
	}
	page, err := h.store.SearchRegisteredModels(ctx, dynamodbstore.SearchRegisteredModelsParams{
		Filter: q.filter, MaxResults: results, OrderBy: q.orderBy, PageToken: q.pageToken,
	})
	if err != nil {
		return err
	}
	a.b = appendModels(a.b, page, a)
	return nil
}

// onVersion makes a command of one on a version that is given as a number.
func onVersion(do func(ctx context.Context, q *modelRequest, version int) error) func(context.Context, *modelRequest) error {
	return func(ctx context.Context, q *modelRequest) error {
		version, err := parseVersion(q.version)
		if err != nil {
			return err
		}
		return do(ctx, q, version)
	}
}

// parseVersion reads the number of a version. One that is too large for any
// version names none.
func parseVersion(text string) (int, error) {
	digits, ok := pyrepr.Int(text)
	if !ok {
		return 0, invalid("Parameter 'version' must be an integer, got '" + text + "'.")
	}
	version, err := strconv.Atoi(digits)
	if err != nil {
		return -1, nil //nolint:nilerr // it is out of range
	}
	return version, nil
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
