package settings

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// maxRetentionDays is the longest retention.
const maxRetentionDays = 36500

// Policy says for how many days what is kept; 0: for ever. Each retention
// is stamped on items when they are written.
type Policy struct {
	Traces        int64 // trace info, tags, spans
	SoftDeleted   int64 // experiments and runs after their deletion
	MetricHistory int64 // points of metrics; latest values stay
}

func defaultPolicy() Policy {
	return Policy{Traces: 30, SoftDeleted: 90, MetricHistory: 365}
}

// PolicyOf reads the policy's item; a field that is missing has its default.
func PolicyOf(it table.Item) Policy {
	p := defaultPolicy()
	for _, f := range p.fields() {
		if v, ok := it.Get(f.attr); ok {
			*f.days = v.Num()
		}
	}
	return p
}

// policyField is one field of a policy.
type policyField struct {
	attr     string
	variable string // of the environment
	days     *int64
}

func (p *Policy) fields() []policyField {
	return []policyField{
		{attrTraceDays, envTraceDays, &p.Traces},
		{AttrDeletedDays, envDeletedDays, &p.SoftDeleted},
		{AttrHistoryDays, envHistoryDays, &p.MetricHistory},
	}
}
