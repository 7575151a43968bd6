package run

import (
	"slices"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/runfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/index"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/settings"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// IndexRules says which rows the runs of an experiment have beside those of
// metrics and params.
type IndexRules struct {
	Fields []string         // trigram fields, the names included
	Match  settings.Matcher // denormalized tags
	List   []string         // as list rows remember them
}

// Index returns the keys of all index rows of a run, sorted.
func (s *Rows) Index(p *Packed, r *IndexRules) []table.Key {
	place := keys.RunRowSK(p.Start, p.ID)
	var out []table.Key
	add := func(kind keys.IndexKind, name, value string) {
		out = append(out, table.Key{PK: s.Keys.IndexPK(p.Exp, kind, name), SK: keys.IndexSK(value, place)})
	}
	for d := p.Dict(sectionMetrics); len(d) > 0; d = d[2:] {
		if m, ok := point.RegisterMetric(d[0], d[1]); ok {
			add(keys.IndexMetric, d[0], keys.Metric(m.Value))
		}
	}
	for d := p.Dict(sectionParams); len(d) > 0; d = d[2:] {
		text, _ := keys.Text(d[1])
		add(keys.IndexParam, d[0], text)
	}
	for d := p.Dict(sectionTags); len(d) > 0; d = d[2:] {
		if r.Match(d[0]) {
			text, _ := keys.Text(d[1])
			add(keys.IndexTag, d[0], text)
		}
	}
	eachDatasetField(p, func(key, value string) {
		text, _ := keys.Text(value)
		add(keys.IndexDataset, key, text)
	})
	name, _ := keys.Text(p.name)
	add(keys.IndexAttr, index.FieldRunName, name)
	for _, field := range r.Fields {
		for _, t := range index.Trigrams(runField(p, field)) {
			add(keys.IndexTrigram, field, t)
		}
	}
	slices.SortFunc(out, table.Key.Compare)
	return slices.Compact(out)
}

// eachDatasetField calls add for what filters can ask of each dataset input of
// a run.
func eachDatasetField(p *Packed, add func(key, value string)) {
	row := View{Packed: p}
	for i := range row.Datasets() {
		d := row.Dataset(i)
		for _, key := range runfilter.DatasetKeys() {
			if value, ok := d.Field(key); ok {
				add(key, value)
			}
		}
	}
}

// runField returns the text of a trigram field of a run.
func runField(p *Packed, field string) string {
	if field == index.FieldRunName {
		if name, ok := p.lookup(sectionTags, mlflow.RunNameTag); ok {
			return name // which is what searches ask for
		}
		return p.name
	}
	return index.KeyedField(field,
		func(key string) (string, bool) { return p.lookup(sectionTags, key) },
		func(key string) (string, bool) { return p.lookup(sectionParams, key) })
}
