package dynamodbstore

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// maxRetentionDays is the longest retention.
const maxRetentionDays = 36500

// ttlPolicy says for how many days what is kept; 0: for ever. Each retention
// is stamped on items when they are written.
type ttlPolicy struct {
	traces        int64 // trace info, tags, spans
	softDeleted   int64 // experiments and runs after their deletion
	metricHistory int64 // points of metrics; latest values stay
}

func defaultPolicy() ttlPolicy {
	return ttlPolicy{traces: 30, softDeleted: 90, metricHistory: 365}
}

// policyOf reads the policy's item; a field that is missing has its default.
func policyOf(it table.Item) ttlPolicy {
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

func (p *ttlPolicy) fields() []policyField {
	return []policyField{
		{attrTraceDays, envTraceDays, &p.traces},
		{attrDeletedDays, envDeletedDays, &p.softDeleted},
		{attrHistoryDays, envHistoryDays, &p.metricHistory},
	}
}
