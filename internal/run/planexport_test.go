package run

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
)

// planIndexes is a stand-in for what is complete.
type planIndexes struct {
	hasBasics    bool
	hasDatasets  bool
	tags, fields []string
}

func (p planIndexes) Basics() bool { return p.hasBasics }

func (p planIndexes) Datasets() bool { return p.hasDatasets }

func (p planIndexes) Tag(key string) bool { return slices.Contains(p.tags, key) }

func (p planIndexes) Trigrams(f string) bool { return slices.Contains(p.fields, f) }

func (p planIndexes) plan(q *runfilter.Query) Plan { return NewPlan(q, p) }

// describe plans a query and says in words what was chosen.
func describe(p planIndexes, where string, orderBy []string) (string, error) {
	q, err := runfilter.Parse(where, orderBy)
	if err != nil {
		return "", err
	}
	plan := p.plan(q)
	var parts []string
	if plan.IDs != nil {
		parts = append(parts, fmt.Sprintf("ids %v", plan.IDs))
	}
	for _, src := range plan.Sources {
		var ranges []string
		for _, r := range src {
			ranges = append(ranges, rangeText(r))
		}
		parts = append(parts, strings.Join(ranges, " & "))
	}
	if o := plan.Order; o != nil {
		parts = append(parts, fmt.Sprintf("by %s%s desc=%t simple=%t", o.Kind, o.Name, o.Key.Desc, o.Simple))
	}
	return strings.Join(parts, "; "), nil
}

func rangeText(r index.Range) string {
	switch {
	case r.Union != nil:
		texts := make([]string, len(r.Union))
		for i, one := range r.Union {
			texts[i] = rangeText(one)
		}
		return "(" + strings.Join(texts, " | ") + ")"
	case r.Value != "":
		return fmt.Sprintf("%s%s=%q", r.Kind, r.Name, r.Value)
	default:
		return fmt.Sprintf("%s%s %q..%q", r.Kind, r.Name, r.From, r.To)
	}
}
