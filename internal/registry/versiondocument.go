package registry

import (
	"encoding/binary"
	"errors"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/filter/modelfilter"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Version is the row of a model version. It is immutable; changes are made
// on copies. It changes only together with its model's document.
type Version struct {
	notes
	version  int
	uid      string // of its creation, by which its overflow is known
	rev      int64  // revision of the model in which it was last written
	staged   int64  // revision of the model in which it got its stage
	stage    int    // the stage that it was put into, see [Model.stageOf]
	created  int64  // ms
	updated  int64  // ms
	source   string
	location string // of the artifacts, "": the source
	run      string
	link     string
	logged   string // id of the logged model

	undescribed bool // the description was removed
}

func (v *Version) clone() *Version {
	c := *v
	return &c
}

// texts are the strings that a version has once.
func (v *Version) texts() []textAttr {
	return []textAttr{
		{keys.UID, &v.uid},
		{keys.Source, &v.source},
		{keys.Location, &v.location},
		{keys.RunID, &v.run},
		{keys.RunLink, &v.link},
		{keys.LoggedModel, &v.logged},
	}
}

type textAttr struct {
	name string
	text *string
}

// VersionView shows a model version to filters and orders.
type VersionView struct {
	Model *Model
	*Version
}

var _ filter.Tagged = VersionView{}

// Tag returns the value of a tag.
func (r VersionView) Tag(key string) (string, bool) { return r.entries[noteTag].Get(key) }

// StringAttr returns the name, the run, "" if there is none, or the source.
func (r VersionView) StringAttr(a filter.Attr) (string, bool) {
	switch a {
	case modelfilter.Name:
		return r.Model.Name, true
	case modelfilter.RunID:
		return r.run, true
	case modelfilter.SourcePath:
		return r.source, true
	default:
		return "", false
	}
}

// IntAttr returns the number or a time.
func (r VersionView) IntAttr(a filter.Attr) (int64, bool) {
	switch a {
	case modelfilter.VersionNumber:
		return int64(r.version), true
	case modelfilter.CreationTime:
		return r.created, true
	case modelfilter.LastUpdateTime:
		_, updated := r.Model.stageOf(r.Version)
		return updated, true
	default:
		return 0, false
	}
}

// encodeVersion builds the row's item.
func encodeVersion(key table.Key, v *Version) table.Item {
	attrs := append(make([]table.Attr, 0, 16),
		table.Attr{Name: keys.Version, Value: table.Number(document.SchemaVersion)},
		table.Attr{Name: keys.Rev, Value: table.Number(v.rev)},
		table.Attr{Name: keys.Staged, Value: table.Number(v.staged)},
		table.Attr{Name: keys.Stage, Value: table.String(string(stages()[v.stage]))},
		table.Attr{Name: keys.Created, Value: table.Number(v.created)},
		table.Attr{Name: keys.Updated, Value: table.Number(v.updated)})
	for _, t := range v.texts() {
		if *t.text != "" {
			attrs = append(attrs, table.Attr{Name: t.name, Value: table.String(*t.text)})
		}
	}
	if v.undescribed {
		attrs = append(attrs, table.Attr{Name: keys.Undescribed, Value: table.Number(1)})
	}
	return table.NewItem(key, v.attrs(attrs)...)
}

// DecodeVersion reads the row's item.
func DecodeVersion(it table.Item) (*Version, error) {
	if err := document.CheckVersion(it); err != nil {
		return nil, err
	}
	n, err := keys.ParseVersionSK(it.Key.SK)
	if err != nil {
		return nil, err
	}
	v := &Version{
		notes: notesOf(it), version: n, rev: it.Num(keys.Rev), staged: it.Num(keys.Staged),
		stage: stageIndex(mlflow.ModelStage(it.Str(keys.Stage))), created: it.Num(keys.Created), updated: it.Num(keys.Updated),
		undescribed: it.Num(keys.Undescribed) == 1,
	}
	for _, t := range v.texts() {
		*t.text = it.Str(t.name)
	}
	if v.stage < 0 {
		return nil, errPackedVersion
	}
	return v, nil
}

const (
	packedVersionFormat = 1
	packedUndescribed   = 2 // of a version whose description was removed
)

var errPackedVersion = errors.New("model version is malformed")

// packVersion packs a version that has nothing elsewhere, for its model's
// document: format byte, then number, revision, revision of the stage, stage,
// creation and update time as varints, then creation id, source, location, run,
// link, logged model and description as strings, then tags as strings. The
// bytes are stored in tables: the format must not change under its number.
func packVersion(v *Version) string {
	format := byte(packedVersionFormat)
	if v.undescribed {
		format = packedUndescribed
	}
	b := append(make([]byte, 0, 256+v.size()), format)
	for _, n := range []int64{int64(v.version), v.rev, v.staged, int64(v.stage), v.created, v.updated} {
		b = binary.AppendVarint(b, n)
	}
	for _, t := range v.texts() {
		b = packed.AppendString(b, *t.text)
	}
	b = packed.AppendString(b, v.description())
	for _, s := range v.entries[noteTag] {
		b = packed.AppendString(b, s)
	}
	return string(b)
}

// parseVersion is the inverse of packVersion.
func parseVersion(s string) (*Version, error) {
	r := packed.Reader{S: s}
	format := r.Byte()
	if format != packedVersionFormat && format != packedUndescribed {
		return nil, errPackedVersion
	}
	v := &Version{undescribed: format == packedUndescribed, version: int(r.Varint()), rev: r.Varint(), staged: r.Varint(), stage: int(r.Varint())}
	v.created, v.updated = r.Varint(), r.Varint()
	for _, t := range v.texts() {
		*t.text = r.Str()
	}
	if text := r.Str(); text != "" {
		v.entries[noteDescription] = packed.Dict{"", text}
	}
	for r.S != "" {
		v.entries[noteTag] = append(v.entries[noteTag], r.Str())
	}
	if r.Bad || len(v.entries[noteTag])%2 != 0 || v.stage < 0 || v.stage >= stageCount {
		return nil, errPackedVersion
	}
	return v, nil
}
