package dynamodbstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Trigram fields. The names are indexed always.
const (
	fieldExperimentName = "experiment_name"
	fieldRunName        = "run_name"
	fieldModelName      = "model_name"
	fieldDescription    = "description"
	fieldTagPrefix      = "tags."
	fieldParamPrefix    = "params."
)

// descriptionTag is the tag that carries the description of a run or an
// experiment.
const descriptionTag = "mlflow.note.content"

func alwaysTrigramFields() []string {
	return []string{fieldExperimentName, fieldRunName, fieldModelName}
}

const trigramFieldForms = "use " + fieldExperimentName + ", " + fieldRunName + ", " + fieldModelName + ", " +
	fieldDescription + ", " + fieldTagPrefix + "<key> or " + fieldParamPrefix + "<key>"

// validateTrigramField refuses what is no field.
func validateTrigramField(field string) error {
	if err := validateListed("trigram field", field); err != nil {
		return fmt.Errorf("%w; %s", err, trigramFieldForms)
	}
	switch field {
	case fieldExperimentName, fieldRunName, fieldModelName, fieldDescription:
		return nil
	}
	for _, prefix := range []string{fieldTagPrefix, fieldParamPrefix} {
		if key, ok := strings.CutPrefix(field, prefix); ok && strings.TrimSpace(key) == key && key != "" {
			return nil
		}
	}
	return fmt.Errorf("unknown trigram field %q: %s", field, trigramFieldForms)
}

// fieldTrigrams returns the trigrams of a text, its separators included and
// without regard to case.
func fieldTrigrams(text string) []string { return keys.Trigrams(strings.ToLower(text)) }

// experimentTrigrams returns the keys of all trigram rows of an experiment,
// sorted. The experiment must be whole, with tags that stand elsewhere.
func (s *Store) experimentTrigrams(e *experimentDoc, fields []string) []table.Key {
	place := keys.ExperimentPlace(e.created, e.id)
	var out []table.Key
	for _, field := range fields {
		pk := s.ks.TrigramPK(field)
		for _, t := range fieldTrigrams(experimentField(e, field)) {
			out = append(out, table.Key{PK: pk, SK: keys.IndexSK(t, place)})
		}
	}
	slices.SortFunc(out, table.Key.Compare)
	return out
}

// experimentField returns the text of a trigram field of an experiment, which
// has no params.
func experimentField(e *experimentDoc, field string) string {
	if field == fieldExperimentName {
		return e.name
	}
	return keyedField(field, e.tags.get, dict{}.get)
}

// keyedField returns the text of a trigram field that is no name: a tag, or a
// param.
func keyedField(field string, tag, param func(key string) (string, bool)) string {
	text := ""
	if key, ok := strings.CutPrefix(field, fieldTagPrefix); ok {
		text, _ = tag(key)
	} else if key, ok := strings.CutPrefix(field, fieldParamPrefix); ok {
		text, _ = param(key)
	} else if field == fieldDescription {
		text, _ = tag(descriptionTag)
	}
	return text
}

// tagField returns the trigram field that serves searches for a tag: that of
// its key, or, of the description, the one that is complete.
func tagField(key string, complete func(field string) bool) string {
	if key == descriptionTag && complete(fieldDescription) {
		return fieldDescription
	}
	return fieldTagPrefix + key
}

// putTrigrams writes those trigram rows of next, a changed or (cur nil) a new
// experiment, that cur did not have, and returns those that cur alone had.
// What comes before the document changes is a row too many until it does.
// Of a tag that stands elsewhere the old rows are not known; they stay until a
// garbage collection finds them. 1 WCU a row.
func (s *Store) putTrigrams(ctx context.Context, cur, next *experimentDoc) (stale []table.Key, err error) {
	cfg, err := s.settings.fresh(ctx)
	if err != nil {
		return nil, err
	}
	fields := cfg.trigramFieldsWritten()
	whole := next.clone()
	whole.tags = next.tags.merge(next.spilled)
	var old []table.Key
	if cur != nil {
		old = s.experimentTrigrams(cur, fields)
	}
	change := diffKeys(old, s.experimentTrigrams(whole, fields))
	return change.deletes, s.putIndexRows(ctx, change.puts, keys.Rev, next.rev)
}

// dropTrigrams removes rows that an experiment does not have any more. They
// are rows too many, so a failure fails nobody.
func (s *Store) dropTrigrams(ctx context.Context, e *experimentDoc, stale []table.Key) {
	if err := s.deleteIndexRows(ctx, stale, keys.Rev, e.rev); err != nil {
		s.logger.WarnContext(ctx, "trigrams stay until a garbage collection", "experiment_id", e.id, "error", err)
	}
}

// reindexExperiment writes those trigram rows of an experiment that are not
// there, and reports whether any was missing. Not atomic; safe beside a change
// of the experiment, which writes its own rows before it changes the document.
// 1 RCU a row, and 1 WCU for each that was missing.
func (s *Store) reindexExperiment(ctx context.Context, id string) (bool, error) {
	e, err := s.fullExperiment(ctx, id)
	if err != nil || e == nil {
		return false, err
	}
	cfg, err := s.settings.fresh(ctx)
	if err != nil {
		return false, err
	}
	rows := s.experimentTrigrams(e, cfg.trigramFieldsWritten())
	there, err := s.t.BatchGet(ctx, rows, table.Strong)
	if err != nil {
		return false, err
	}
	found := make(map[table.Key]bool, len(there))
	for _, it := range there {
		found[it.Key] = true
	}
	missing := slices.DeleteFunc(rows, func(k table.Key) bool { return found[k] })
	return len(missing) > 0, s.putIndexRows(ctx, missing, keys.Rev, e.rev)
}
