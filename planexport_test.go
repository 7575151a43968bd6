package dynamodbstore

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
)

// PlanIndexes is a stand-in for what is complete.
type PlanIndexes struct {
	Basics       bool
	Datasets     bool
	Tags, Fields []string
}

func (p PlanIndexes) basics() bool                    { return p.Basics }
func (p PlanIndexes) datasets() bool                  { return p.Datasets }
func (p PlanIndexes) tag(key string) bool             { return slices.Contains(p.Tags, key) }
func (p PlanIndexes) trigrams(f string) bool          { return slices.Contains(p.Fields, f) }
func (p PlanIndexes) plan(q *runfilter.Query) runPlan { return planRuns(q, p) }

// PlanText plans a query and says in words what was chosen.
func PlanText(p PlanIndexes, where string, orderBy []string) (string, error) {
	q, err := runfilter.Parse(where, orderBy)
	if err != nil {
		return "", err
	}
	plan := p.plan(q)
	var parts []string
	if plan.ids != nil {
		parts = append(parts, fmt.Sprintf("ids %v", plan.ids))
	}
	for _, src := range plan.sources {
		var ranges []string
		for _, r := range src {
			ranges = append(ranges, rangeText(r))
		}
		parts = append(parts, strings.Join(ranges, " & "))
	}
	if o := plan.order; o != nil {
		parts = append(parts, fmt.Sprintf("by %s%s desc=%t simple=%t", o.kind, o.name, o.key.Desc, o.simple))
	}
	return strings.Join(parts, "; "), nil
}

func rangeText(r indexRange) string {
	switch {
	case r.union != nil:
		texts := make([]string, len(r.union))
		for i, one := range r.union {
			texts[i] = rangeText(one)
		}
		return "(" + strings.Join(texts, " | ") + ")"
	case r.value != "":
		return fmt.Sprintf("%s%s=%q", r.kind, r.name, r.value)
	default:
		return fmt.Sprintf("%s%s %q..%q", r.kind, r.name, r.from, r.to)
	}
}
