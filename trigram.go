package dynamodbstore

import (
	"context"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
)

// BackfillTrigrams brings every experiment and settled run of the workspace up
// to the trigram fields, as [Store.BackfillTags] does for tag patterns. Reads
// the run lists; 1 WCU for each trigram, and for each KB of a list row that
// changes.
func (s *Store) BackfillTrigrams(ctx context.Context, p BackfillParams) (BackfillReport, error) {
	r, err := s.upkeep.BackfillTrigrams(ctx, p.engine())
	return backfillReportOf(r), failure(err)
}

// TrigramFields returns the fields indexed by trigrams: the names, which
// always are, and the persisted ones. 1 request, 1 RCU.
func (s *Store) TrigramFields(ctx context.Context) ([]string, error) {
	cfg, err := s.settings.Read(ctx)
	if err != nil {
		return nil, failure(err)
	}
	return cfg.FieldsInForce(), nil
}

// SetTrigramFields replaces the fields that are indexed besides the names.
// Atomic. 2 requests, 1 RCU, 1 WCU.
func (s *Store) SetTrigramFields(ctx context.Context, fields []string) error {
	for _, f := range fields {
		if err := index.ValidateField(f); err != nil {
			return &Error{Code: CodeInvalidParameterValue, Message: err.Error()}
		}
	}
	return failure(s.settings.SetFields(ctx, fields))
}
