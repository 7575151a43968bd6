package registry

import (
	"strconv"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/modelfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// isPromptTag and isPromptValue mark registered models and versions that are
// prompts.
const (
	isPromptTag   = "mlflow.prompt.is_prompt"
	isPromptValue = "true"
)

// Model is the document of a registered model, which stands at its name. It
// is immutable; changes are made on copies. Each change of a version changes
// the document too, so its revision puts all changes of a model and of its
// versions in one order.
type Model struct {
	document.Meta
	notes
	ID      string // never used again
	Name    string
	created int64 // ms
	updated int64 // ms
	renamed int64 // ms, 0: never
	last    int   // the highest version ever
	prompts int   // versions ever that are prompts, deleted ones included
	stages  [stageCount]stageInfo

	// What the next write does besides.
	before []table.Item // rows too many until the document is written
	ops    []table.Op   // in the document's transaction
	gone   bool         // the model is deleted
}

// Clone returns a copy that may be changed.
func (m *Model) Clone() *Model {
	c := *m
	c.before, c.ops = nil, nil
	return &c
}

// isCurrent is the condition that the document has not changed: names are
// taken again, so the revision alone would not do.
func (m *Model) isCurrent() table.Cond {
	return table.Equal(
		table.Attr{Name: keys.Rev, Value: table.Number(m.Rev)},
		table.Attr{Name: keys.ModelID, Value: table.String(m.ID)})
}

// HasPrompts reports whether the model has, or had, versions that are prompts.
func (m *Model) HasPrompts() bool { return m.prompts > 0 }

// highest returns the highest version, 0 if there is none.
func (m *Model) highest() int {
	n := 0
	for i := range m.stages {
		n = max(n, m.stages[i].latest)
	}
	return n
}

// copyOf returns the copy of a version that the document has, if any.
func (m *Model) copyOf(version int) *Version {
	for i := range m.stages {
		if v := m.stages[i].copied; v != nil && v.version == version {
			return v
		}
	}
	return nil
}

// aliasesOf returns the aliases of a version, sorted.
func (m *Model) aliasesOf(version int) []string {
	var out []string
	for d := m.entries[noteAlias]; len(d) > 0; d = d[2:] {
		if d[1] == strconv.Itoa(version) {
			out = append(out, d[0])
		}
	}
	return out
}

// entity shows the model with the latest versions of its stages.
func (m *Model) entity(latest []*Version) *mlflow.RegisteredModel {
	r := &mlflow.RegisteredModel{
		Name: m.Name, CreationTime: m.created, LastUpdateTime: m.updated,
		Description: m.description(), Tags: m.entries[noteTag].Tags(),
	}
	for d := m.entries[noteAlias]; len(d) > 0; d = d[2:] {
		version, _ := strconv.Atoi(d[1])
		r.Aliases = append(r.Aliases, mlflow.ModelAlias{Alias: d[0], Version: version})
	}
	for _, v := range latest {
		r.LatestVersions = append(r.LatestVersions, m.versionEntity(v))
	}
	return r
}

// versionEntity shows a version, without its aliases.
func (m *Model) versionEntity(v *Version) *mlflow.ModelVersion {
	stage, updated := m.stageOf(v)
	return &mlflow.ModelVersion{
		Name: m.Name, Version: v.version, CreationTime: v.created, LastUpdateTime: updated,
		Stage: stages()[stage], Description: v.description(), Undescribed: v.undescribed, Source: v.source,
		RunID: v.run, RunLink: v.link, ModelID: v.logged, Status: mlflow.VersionReady, Tags: v.entries[noteTag].Tags(),
	}
}

// ModelView shows a registered model to filters and orders.
type ModelView struct{ *Model }

var _ filter.Tagged = ModelView{}

// Tag returns the value of a tag.
func (r ModelView) Tag(key string) (string, bool) { return r.entries[noteTag].Get(key) }

// StringAttr returns the name.
func (r ModelView) StringAttr(a filter.Attr) (string, bool) { return r.Name, a == modelfilter.Name }

// IntAttr returns the time of the last update.
func (r ModelView) IntAttr(a filter.Attr) (int64, bool) {
	return r.updated, a == modelfilter.LastUpdateTime
}

// encodeModel builds the document's item.
func encodeModel(key table.Key, m *Model) table.Item {
	attrs := m.AppendTo(make([]table.Attr, 0, 20))
	attrs = append(attrs,
		table.Attr{Name: keys.ModelID, Value: table.String(m.ID)},
		table.Attr{Name: keys.Name, Value: table.String(m.Name)},
		table.Attr{Name: keys.Created, Value: table.Number(m.created)},
		table.Attr{Name: keys.Updated, Value: table.Number(m.updated)},
		table.Attr{Name: keys.LastVersion, Value: table.Number(int64(m.last))})
	for _, a := range []table.Attr{
		{Name: keys.Renamed, Value: table.Number(m.renamed)},
		{Name: keys.Prompts, Value: table.Number(int64(m.prompts))},
	} {
		if a.Value.Num() != 0 {
			attrs = append(attrs, a)
		}
	}
	return table.NewItem(key, m.stageAttrs(m.attrs(attrs))...)
}

// decodeModel reads the document's item.
func decodeModel(it table.Item) (*Model, error) {
	if err := document.CheckVersion(it); err != nil {
		return nil, err
	}
	m := &Model{
		Meta: document.MetaOf(it), notes: notesOf(it), ID: it.Str(keys.ModelID), Name: it.Str(keys.Name),
		created: it.Num(keys.Created), updated: it.Num(keys.Updated), renamed: it.Num(keys.Renamed),
		last: int(it.Num(keys.LastVersion)), prompts: int(it.Num(keys.Prompts)),
	}
	return m, m.readStages(it)
}

// modelPointer is the item that says which name a model has.
func modelPointer(key table.Key, m *Model) table.Item {
	return table.NewItem(key,
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: keys.Name, Value: table.String(m.Name)})
}

// ErrNoModel says that there is no such registered model.
func ErrNoModel(name string) error {
	return failure.Errorf(mlflow.CodeResourceDoesNotExist, "Registered Model with name=%s not found", name)
}

func errNoVersion(name string, version int) error {
	return failure.Errorf(mlflow.CodeResourceDoesNotExist, "Model Version (name=%s, version=%d) not found", name, version)
}
