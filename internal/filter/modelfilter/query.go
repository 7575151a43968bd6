// Package modelfilter is what searches for registered models, and for their
// versions, can ask for: tags and the attributes below, in the language of package
// filter. [Parse] and [ParseVersions] turn a filter and an order_by into a
// [Query], whose structure is open to planners; it is evaluated over any
// [filter.Tagged].
//
// Source: MLflow 3.18, mlflow/utils/search_utils.py, SearchModelUtils and
// SearchModelVersionUtils, for what is accepted;
// mlflow/store/model_registry/sqlalchemy_store.py for what it means on SQLite.
package modelfilter

import (
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
)

// The attributes of registered models and of their versions.
const (
	// Name is that of the registered model.
	Name       filter.Attr = iota + 1
	RunID                  // of a version
	SourcePath             // of a version
	// VersionNumber is of a version.
	VersionNumber = filter.IntAttr | (iota + 1)
	// CreationTime is for orders of versions.
	CreationTime = filter.IntAttr | (iota + 1)
	// LastUpdateTime is for orders.
	LastUpdateTime = filter.IntAttr | (iota + 1)
)

// promptTag marks registered models, and their versions, that are prompts.
const promptTag = "mlflow.prompt.is_prompt"

// Query is a parsed search over registered models or over model versions. Models
// come by name unless order_by says otherwise; versions by last update, latest
// first, then by name, then the highest version first.
type Query struct {
	filter.Query
	// HidesPrompts says that prompts are left out: registered models with the
	// tag mlflow.prompt.is_prompt = 'true', and all versions of a model of which
	// any version has it. Clauses on that tag are not among the clauses then.
	// Source: model_registry/sqlalchemy_store.py, _update_query_to_exclude_prompts.
	HidesPrompts bool
}

// Match tells whether the model or version satisfies every clause of the query.
// HidesPrompts is for the caller to heed. It does not allocate.
func (q *Query) Match(m filter.Tagged) bool { return q.MatchTagged(m) }

// Parse parses the filter and the order_by list of a search over registered
// models. Errors are of type [*filter.Error].
func Parse(where string, orderBy []string) (*Query, error) {
	g := offerOfModels().grammar()
	g.OrderKey, g.Complete, g.OrderFirst = modelOrderKey, completeModels, true
	return parse(&g, where, orderBy)
}

// ParseVersions parses the filter and the order_by list of a search over model
// versions. Errors are of type [*filter.Error].
func ParseVersions(where string, orderBy []string) (*Query, error) {
	if len(orderBy) == 0 {
		orderBy = []string{"last_updated_timestamp DESC"}
	}
	g := offerOfVersions().grammar()
	g.OrderKey, g.Complete = versionOrderKey, completeVersions
	return parse(&g, where, orderBy)
}

func parse(g *filter.Grammar, where string, orderBy []string) (*Query, error) {
	parsed, err := g.Parse(where, orderBy)
	if err != nil {
		return nil, err
	}
	q := &Query{parsed, !asksForPrompts(parsed.Clauses)}
	if q.HidesPrompts {
		q.Clauses = slices.DeleteFunc(q.Clauses, func(c filter.Clause) bool { return isOfPrompts(&c) })
	}
	return q, nil
}

// asksForPrompts tells whether a filter asks for prompts, which its first clause
// on their tag decides.
// Source: model_registry/sqlalchemy_store.py, _is_querying_prompt.
func asksForPrompts(clauses []filter.Clause) bool {
	for i := range clauses {
		if c := &clauses[i]; isOfPrompts(c) {
			value := strings.ToLower(c.Value.Str)
			return c.Op == filter.OpEq && value == "true" || c.Op == filter.OpNe && value == "false"
		}
	}
	return false
}

func isOfPrompts(c *filter.Clause) bool { return c.Entity == filter.EntityTag && c.Key == promptTag }
