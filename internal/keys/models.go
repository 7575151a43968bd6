package keys

import (
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Parts of the keys of registered models. Stored, must not change.
const (
	modelNamePrefix = "MODEL#" // in the partition of names
	modelPrefix     = "MODEL#" // of a model's own partition
	modelsPrefix    = "MODELS#"
	versionPrefix   = "V#"
	modelOverflow   = "O#"
	versionOverflow = "P#"
	modelPlaceMark  = "m" // no experiment's place has it there
)

// Prefixes of what of a registered model, or of a version, stands in items of
// its own. Stored, must not change.
const (
	DescriptionPrefix = "DESC#"
	AliasPrefix       = "ALIAS#"
)

// The kinds of index rows of model versions. Stored, must not change.
const (
	IndexVersionRun    IndexKind = "IX#r#"
	IndexVersionSource IndexKind = "IX#s#"
)

// RegisteredModel is the document of a registered model, which stands at its
// name.
func (s Space) RegisteredModel(name string) table.Key {
	return table.Key{PK: s.prefix + namesPK, SK: modelNamePrefix + part(name)}
}

// WholeModelNames returns the bounds of the registered models whose names stand
// in their sort keys, in the order of the names.
func (s Space) WholeModelNames() (pk, from, to string) {
	return s.prefix + namesPK, modelNamePrefix + "=", modelNamePrefix + ">"
}

// HashedModelNames returns the bounds of the registered models of long names,
// in no order.
func (s Space) HashedModelNames() (pk, from, to string) {
	return s.prefix + namesPK, modelNamePrefix + "~", table.PrefixEnd(modelNamePrefix)
}

// ModelNamePrefix returns the bounds of the names among [Space.WholeModelNames]
// that begin with p.
func ModelNamePrefix(p string) (from, to string) {
	from = modelNamePrefix + "=" + p
	return from, behindPrefix(from)
}

// ModelPK is the partition of a registered model's versions and overflow.
func (s Space) ModelPK(id string) string { return s.prefix + modelPrefix + id }

// ModelPointer says which name a registered model has.
func (s Space) ModelPointer(id string) table.Key { return table.Key{PK: s.ModelPK(id), SK: Meta} }

// ModelVersion is the document of a version.
func (s Space) ModelVersion(id string, version int) table.Key {
	return table.Key{PK: s.ModelPK(id), SK: versionPrefix + Asc(int64(version))}
}

// VersionRange returns the bounds of the sort keys of versions 1 to last, which
// are in the order of their numbers.
func VersionRange(last int) (from, to string) { return versionPrefix, versionPrefix + Asc(int64(last)) }

// ParseVersionSK returns the number of a version.
func ParseVersionSK(sk string) (int, error) {
	n, err := ParseAsc(strings.TrimPrefix(sk, versionPrefix))
	if err != nil || n < 1 || !strings.HasPrefix(sk, versionPrefix) {
		return 0, ErrMalformed
	}
	return int(n), nil
}

// ModelOverflow is what of a registered model does not fit its document; kind
// is one of the prefixes of entries.
func (s Space) ModelOverflow(id, kind, name string) table.Key {
	return table.Key{PK: s.ModelPK(id), SK: modelOverflow + kind + part(name)}
}

// ModelOverflowRange returns the bounds of a registered model's overflow of one
// kind, of all kinds for "".
func ModelOverflowRange(kind string) (from, to string) {
	return modelOverflow + kind, table.PrefixEnd(modelOverflow+kind) + Last
}

// VersionOverflow is what of a version does not fit its document; uid is that
// of the version's creation.
func (s Space) VersionOverflow(id, uid, kind, name string) table.Key {
	return table.Key{PK: s.ModelPK(id), SK: versionOverflow + uid + "#" + kind + part(name)}
}

// VersionOverflowRange returns the bounds of a version's overflow.
func VersionOverflowRange(uid string) (from, to string) {
	p := versionOverflow + uid + "#"
	return p, table.PrefixEnd(p) + Last
}

// OverflowKind returns the prefix of entries that the sort key of an overflow
// item of a registered model or a version was made with.
func OverflowKind(sk string) string {
	rest, ok := strings.CutPrefix(sk, modelOverflow)
	if !ok {
		_, rest, _ = strings.Cut(strings.TrimPrefix(sk, versionOverflow), "#")
	}
	kind, _, _ := strings.Cut(rest, "#")
	return kind + "#"
}

// VersionIndexPK is the partition of the index rows of the versions of one run,
// or of one source.
func (s Space) VersionIndexPK(kind IndexKind, value string) string {
	return s.prefix + modelsPrefix + string(kind) + part(value)
}

// VersionIndexSK is the sort key of a version's index row.
func VersionIndexSK(id string, version int) string { return id + "#" + Asc(int64(version)) }

// ParseVersionIndexSK is the inverse of [VersionIndexSK].
func ParseVersionIndexSK(sk string) (id string, version int, err error) {
	id, tail, ok := strings.Cut(sk, "#")
	if !ok || id == "" {
		return "", 0, ErrMalformed
	}
	version, err = ParseVersionSK(versionPrefix + tail)
	return id, version, err
}

// ModelPlace is the second part of a registered model's trigram rows.
func ModelPlace(created int64, id string) string { return Desc(created) + "#" + modelPlaceMark + id }

// ParseModelPlace is the inverse of [ModelPlace].
func ParseModelPlace(place string) (created int64, id string, err error) {
	head, tail, _ := strings.Cut(place, "#")
	id, ok := strings.CutPrefix(tail, modelPlaceMark)
	if !ok || id == "" {
		return 0, "", ErrMalformed
	}
	created, err = ParseDesc(head)
	return created, id, err
}

// classifyModel classifies what is in a registered model's partition.
func classifyModel(id, sk string) (Class, bool) {
	c := Class{Model: id}
	if id == "" || strings.Contains(id, "#") {
		return c, false
	}
	if sk == Meta {
		c.Kind = KindModelPointer
		return c, true
	}
	if v, err := ParseVersionSK(sk); err == nil {
		c.Kind, c.Version = KindModelVersion, v
		return c, true
	}
	if strings.HasPrefix(sk, modelOverflow) {
		c.Kind = KindModelOverflow
		return c, true
	}
	rest, ok := strings.CutPrefix(sk, versionOverflow)
	uid, _, inside := strings.Cut(rest, "#")
	c.Kind, c.UID = KindVersionOverflow, uid
	return c, ok && inside && uid != ""
}

// classifyVersionIndex classifies an index row of a version.
func classifyVersionIndex(name, sk string) (Class, bool) {
	kind, ok := indexKind(name)
	value := strings.TrimPrefix(name, string(kind))
	if !ok || kind == IndexTrigram || !isPart(value, true) {
		return Class{}, false
	}
	c := Class{Kind: KindVersionIndex, Index: kind}
	if value[0] == '=' {
		c.Name = value[1:]
	}
	var err error
	c.Model, c.Version, err = ParseVersionIndexSK(sk)
	return c, err == nil
}
