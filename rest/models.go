package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

func (h *handler) addModelRoutes() {
	const base = "/mlflow/registered-models/"
	h.add("2.0", http.MethodPost, base+"create", query(h, createModelSpec(), h.createModel))
	h.add("2.0", http.MethodPost, base+"rename", query(h, modelSpec("name", "new_name"),
		modelAnswer(func(ctx context.Context, q *modelRequest) (*dynamodbstore.RegisteredModel, error) {
			return h.store.RenameRegisteredModel(ctx, q.name, q.newName)
		})))
	h.add("2.0", http.MethodPatch, base+"update", query(h, modelSpec("name").With(texts("description"), text("description")),
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
		command(h, modelSpec("name", "key").With(texts("value"), text("value")),
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

func scanModel(s *wire.Scanner, name []byte, q *modelRequest) {
	if string(name) == "description" {
		q.described = s.Peek() != 'n' // null
	}
	if field := q.field(string(name)); field != nil {
		*field = s.TextOrNull()
		return
	}
	switch string(name) {
	case "stages":
		q.stages = s.Texts()
	case "archive_existing_versions":
		q.archive = s.Bool()
	default:
		s.Unknown(name)
	}
}

// modelSpec is for requests of which some strings are required.
func modelSpec(names ...string) *wire.Spec[modelRequest] {
	p := &wire.Spec[modelRequest]{
		Fields: texts(names...), Scan: scanModel,
		Fits: func(q *modelRequest) bool {
			for _, name := range names {
				if *q.field(name) == "" {
					return false
				}
			}
			return true
		},
	}
	for _, name := range names {
		p.Rules = append(p.Rules, textRequired(name))
	}
	return p
}

func createModelSpec() *wire.Spec[dynamodbstore.CreateRegisteredModelParams] {
	return &wire.Spec[dynamodbstore.CreateRegisteredModelParams]{
		Fields: append(texts("name", "description", "deployment_job_id"), wire.Messages("tags", pairFields()...)),
		Rules:  []wire.Rule{textRequired("name"), array("tags"), text("description")},
		Scan: func(s *wire.Scanner, name []byte, q *dynamodbstore.CreateRegisteredModelParams) {
			switch string(name) {
			case "name":
				q.Name = s.TextOrNull()
			case "description":
				q.Description = s.TextOrNull()
			case "tags":
				q.Tags = scanTags(s)
			default:
				s.Unknown(name)
			}
		},
		Fits: func(q *dynamodbstore.CreateRegisteredModelParams) bool { return q.Name != "" },
	}
}

// modelSearch is a search for registered models or for their versions.
type modelSearch struct {
	filter, pageToken string
	orderBy           []string
	maxResults        int
}

func searchModelsSpec(limit int) *wire.Spec[modelSearch] {
	return &wire.Spec[modelSearch]{
		Fields: []wire.Field{
			wire.F("filter", wire.TypeString), wire.F("max_results", wire.TypeInt64), wire.List(wire.F("order_by", wire.TypeString)), wire.F("page_token", wire.TypeString),
		},
		Rules: []wire.Rule{
			text("filter"),
			{"max_results", []wire.Check{wire.IsIntLike(), wire.Between(-1<<62, int64(limit), "")}},
			{"order_by", []wire.Check{wire.IsArray(), wire.ItemsAreStrings()}},
			text("page_token"),
		},
		Scan: func(s *wire.Scanner, name []byte, q *modelSearch) {
			switch string(name) {
			case "filter":
				q.filter = s.TextOrNull()
			case "max_results":
				if q.maxResults = 0; !s.Null() {
					q.maxResults = nonZero(int(s.Int()))
				}
			case "order_by":
				q.orderBy = s.Texts()
			case "page_token":
				q.pageToken = s.TextOrNull()
			default:
				s.Unknown(name)
			}
		},
		Fits: func(q *modelSearch) bool { return q.maxResults <= limit },
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
