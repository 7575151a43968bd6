package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/rest/internal/wire"
)

const (
	customViewPrefix = "mlflow.customView.view"
	maxCustomViews   = 50
)

func (h *handler) addExperimentRoutes() {
	const base = "/mlflow/experiments/"
	search := explained(streamed(h, searchExperimentsSpec(), h.searchExperiments))
	h.add("2.0", http.MethodPost, base+"create", query(h, createExperimentSpec(), h.createExperiment))
	h.add("2.0", http.MethodGet, base+"search", search)
	h.add("2.0", http.MethodPost, base+"search", search)
	h.add("2.0", http.MethodGet, base+"get", query(h, experimentSpec("experiment_id"), h.getExperiment))
	h.add("2.0", http.MethodGet, base+"get-by-name", query(h, experimentSpec("experiment_name"), h.getExperimentByName))
	h.add("2.0", http.MethodPost, base+"delete", command(h, experimentSpec("experiment_id"),
		func(ctx context.Context, q *experimentRequest) error { return h.store.DeleteExperiment(ctx, q.id) }))
	h.add("2.0", http.MethodPost, base+"restore", command(h, experimentSpec("experiment_id"),
		func(ctx context.Context, q *experimentRequest) error { return h.store.RestoreExperiment(ctx, q.id) }))
	h.add("2.0", http.MethodPost, base+"update", command(h, renameExperimentSpec(),
		func(ctx context.Context, q *experimentRequest) error {
			return h.store.RenameExperiment(ctx, q.id, q.name)
		}))
	h.add("2.0", http.MethodPost, base+"set-experiment-tag", command(h, experimentTagSpec("value"), h.setExperimentTag))
	h.add("2.0", http.MethodPost, base+"delete-experiment-tag", command(h, experimentTagSpec(),
		func(ctx context.Context, q *experimentRequest) error {
			return h.store.DeleteExperimentTag(ctx, q.id, q.tag.Key)
		}))
}

// experimentRequest is a request about one experiment.
type experimentRequest struct {
	id   string
	name string
	tag  dynamodbstore.Tag
}

func scanExperiment(s *wire.Scanner, name []byte, q *experimentRequest) {
	switch string(name) {
	case "experiment_id":
		q.id = s.TextOrNull()
	case "experiment_name", "new_name":
		q.name = s.TextOrNull()
	case "key":
		q.tag.Key = s.TextOrNull()
	case "value":
		q.tag.Value = s.TextOrNull()
	default:
		s.Unknown(name)
	}
}

// experimentSpec is for requests that consist of one required string.
func experimentSpec(param string) *wire.Spec[experimentRequest] {
	return &wire.Spec[experimentRequest]{
		Fields: texts(param),
		Rules:  []wire.Rule{requiredText(param)},
		Scan:   scanExperiment,
		Fits: func(q *experimentRequest) bool {
			return param == "experiment_id" && q.id != "" || param == "experiment_name" && q.name != ""
		},
	}
}

func renameExperimentSpec() *wire.Spec[experimentRequest] {
	return &wire.Spec[experimentRequest]{
		Fields: texts("experiment_id", "new_name"),
		Rules:  []wire.Rule{requiredText("experiment_id"), textRequired("new_name")},
		Scan:   scanExperiment,
		Fits:   func(q *experimentRequest) bool { return q.id != "" && q.name != "" },
	}
}

func experimentTagSpec(value ...string) *wire.Spec[experimentRequest] {
	rules := append(make([]wire.Rule, 0, 3), requiredText("experiment_id"), requiredText("key"))
	for _, v := range value {
		rules = append(rules, text(v))
	}
	return &wire.Spec[experimentRequest]{
		Fields: texts(append([]string{"experiment_id", "key"}, value...)...),
		Rules:  rules,
		Scan:   scanExperiment,
		Fits:   func(q *experimentRequest) bool { return q.id != "" && q.tag.Key != "" },
	}
}

func createExperimentSpec() *wire.Spec[dynamodbstore.CreateExperimentParams] {
	return &wire.Spec[dynamodbstore.CreateExperimentParams]{
		Fields: append(texts("name", "artifact_location"), wire.Messages("tags", pairFields()...)),
		Rules:  []wire.Rule{requiredText("name"), text("artifact_location"), array("tags")},
		Scan: func(s *wire.Scanner, name []byte, q *dynamodbstore.CreateExperimentParams) {
			switch string(name) {
			case "name":
				q.Name = s.TextOrNull()
			case "artifact_location":
				q.ArtifactLocation = s.TextOrNull()
			case "tags":
				q.Tags = scanTags(s)
			default:
				s.Unknown(name)
			}
		},
		Fits: func(q *dynamodbstore.CreateExperimentParams) bool { return q.Name != "" },
	}
}

func searchExperimentsSpec() *wire.Spec[dynamodbstore.SearchExperimentsParams] {
	return &wire.Spec[dynamodbstore.SearchExperimentsParams]{
		Fields: []wire.Field{
			wire.F("max_results", wire.TypeInt64), wire.F("page_token", wire.TypeString), wire.F("filter", wire.TypeString),
			wire.List(wire.F("order_by", wire.TypeString)), viewType("view_type"),
		},
		Rules: []wire.Rule{
			integer("view_type"), integer("max_results"), array("order_by"), text("filter"), text("page_token"),
		},
		Scan: func(s *wire.Scanner, name []byte, q *dynamodbstore.SearchExperimentsParams) {
			switch string(name) {
			case "max_results":
				if q.MaxResults = 0; !s.Null() {
					q.MaxResults = nonZero(int(s.Int()))
				}
			case "page_token":
				q.PageToken = s.TextOrNull()
			case "filter":
				q.Filter = s.TextOrNull()
			case "order_by":
				q.OrderBy = s.Texts()
			case "view_type":
				q.View = scanView(s)
			default:
				s.Unknown(name)
			}
		},
	}
}

// scanTags reads an array of keys and values.
func scanTags(s *wire.Scanner) []dynamodbstore.Tag {
	if s.Null() {
		return nil
	}
	var tags []dynamodbstore.Tag
	for first := s.Enter('['); s.Next(&first, ']'); {
		key, value := scanPair(s)
		tags = append(tags, dynamodbstore.Tag{Key: key, Value: value})
	}
	return tags
}

func scanPair(s *wire.Scanner) (key, value string) {
	for first := s.Enter('{'); s.Next(&first, '}'); {
		switch name := s.Name(); string(name) {
		case "key":
			key = s.TextOrNull()
		case "value":
			value = s.TextOrNull()
		default:
			s.Unknown(name)
		}
	}
	return key, value
}

func scanOptionalInteger(s *wire.Scanner) int {
	if s.Null() {
		return 0
	}
	return int(s.Int())
}

// scanView reads a ViewType, which MLflow counts from one.
func scanView(s *wire.Scanner) dynamodbstore.ViewType {
	if s.Null() {
		return dynamodbstore.ViewActiveOnly
	}
	if s.Peek() == '"' {
		switch s.Text() {
		case "ACTIVE_ONLY":
			return dynamodbstore.ViewActiveOnly
		case "DELETED_ONLY":
			return dynamodbstore.ViewDeletedOnly
		case "ALL":
			return dynamodbstore.ViewAll
		}
		s.Bad = true
		return 0
	}
	n := s.Int()
	s.Bad = s.Bad || n < 1 || n > 3
	return dynamodbstore.ViewType(n - 1)
}

func (h *handler) createExperiment(
	ctx context.Context, b []byte, q *dynamodbstore.CreateExperimentParams,
) ([]byte, error) {
	views := 0
	for _, t := range q.Tags {
		if strings.HasPrefix(t.Key, customViewPrefix) {
			views++
		}
	}
	if views > maxCustomViews {
		return nil, tooManyViews("")
	}
	location, err := h.checkLocation(q.ArtifactLocation)
	if err != nil {
		return nil, err
	}
	q.ArtifactLocation = location
	id, err := h.store.CreateExperiment(ctx, *q)
	if err != nil {
		return nil, err
	}
	return wire.CloseObject(wire.AppendStringField(append(b, '{'), 1, "experiment_id", id), 0), nil
}

func tooManyViews(experiment string) error {
	if experiment != "" {
		experiment = " for experiment " + experiment
	}
	return invalid("Unable to create another custom view" + experiment + "; the maximum number of custom " +
		"views per experiment is 50. Delete an existing custom view before creating a new one.")
}

func (h *handler) setExperimentTag(ctx context.Context, q *experimentRequest) error {
	if strings.HasPrefix(q.tag.Key, customViewPrefix) {
		e, err := h.store.GetExperiment(ctx, q.id)
		if err != nil {
			return err
		}
		views, known := 0, false
		for _, t := range e.Tags {
			known = known || t.Key == q.tag.Key
			if strings.HasPrefix(t.Key, customViewPrefix) {
				views++
			}
		}
		if !known && views >= maxCustomViews {
			return tooManyViews(e.ID)
		}
	}
	return h.store.SetExperimentTag(ctx, q.id, q.tag)
}

func (h *handler) getExperiment(ctx context.Context, b []byte, q *experimentRequest) ([]byte, error) {
	e, err := h.store.GetExperiment(ctx, q.id)
	return appendOneExperiment(b, e), err
}

func (h *handler) getExperimentByName(ctx context.Context, b []byte, q *experimentRequest) ([]byte, error) {
	e, err := h.store.GetExperimentByName(ctx, q.name)
	return appendOneExperiment(b, e), err
}

func appendOneExperiment(b []byte, e *dynamodbstore.Experiment) []byte {
	if e == nil {
		return b
	}
	return wire.CloseObject(appendExperiment(wire.AppendKey(append(b, '{'), 1, "experiment"), e, 1), 0)
}

func (h *handler) searchExperiments(ctx context.Context, a *answer, q *dynamodbstore.SearchExperimentsParams) error {
	if q.MaxResults == explicitZero {
		return errNoResults()
	}
	page, err := h.store.SearchExperiments(ctx, *q)
	if err != nil {
		return err
	}
	a.b = appendExperiments(a.b, page, a)
	return nil
}
