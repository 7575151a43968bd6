package loggedmodel

import (
	"encoding/binary"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

const (
	// loggedModelBudget is the size of tags and params up to which they stand
	// in a model's document. Document and list row are written together, so
	// each KB costs 4 WCU with each change.
	loggedModelBudget = 12 << 10
	// loggedModelMetrics is the size of metrics up to which they do.
	loggedModelMetrics = 4 << 10
)

// Document is the document of a logged model (META). It is immutable;
// changes are made on copies.
type Document struct {
	document.Meta
	ID        string
	Exp       string
	Name      string
	ModelType string
	Run       string // "" without one
	status    mlflow.LoggedModelStatus
	Stage     mlflow.LifecycleStage
	created   int64 // ms
	Updated   int64 // ms
	frozen    bool  // tags and params may stand in items of their own
	recorded  bool  // metrics may stand in items of their own
	Expiry    int64 // ttl, epoch seconds; 0: none
	tags      packed.Dict
	params    packed.Dict
	metrics   string // as packModelMetrics writes them
}

func (m *Document) clone() *Document {
	c := *m
	return &c
}

// whole reports whether all of the model is in its document.
func (m *Document) whole() bool { return !m.frozen && !m.recorded }

// entity returns what the document says. Points are those of the document.
func (m *Document) entity(e *experiment.State, points []mlflow.RunMetric) *mlflow.LoggedModel {
	return &mlflow.LoggedModel{
		ID: m.ID, ExperimentID: m.Exp, Name: m.Name, ModelType: m.ModelType, SourceRunID: m.Run, Status: m.status,
		ArtifactURI: ArtifactURI(e.Artifact, m.ID), LifecycleStage: m.Stage,
		CreationTime: m.created, LastUpdateTime: m.Updated, Tags: m.tags.Tags(), Params: m.params.Params(), Metrics: points,
	}
}

// ArtifactURI is where a logged model keeps its artifacts.
// Source: MLflow 3.17, sqlalchemy_store.py, create_logged_model.
func ArtifactURI(location, id string) string {
	return validate.AppendURIPath(location, "models/"+id+"/artifacts")
}

const packedLoggedModelFormat = 1

// packLoggedModel packs a model for its document and its list row: format
// byte, experiment, name, type, run, status and stage as strings, creation and
// update time as varints, a byte of flags (1: frozen, 2: recorded), then tags,
// params and metrics, each as a string. Tags and params are strings, key and
// value in turn. The bytes are stored in tables: the format must not change
// under its number.
func packLoggedModel(m *Document) string {
	b := append(make([]byte, 0, 256+m.tags.Size()+m.params.Size()+len(m.metrics)), packedLoggedModelFormat)
	for _, s := range []string{m.Exp, m.Name, m.ModelType, m.Run, string(m.status), string(m.Stage)} {
		b = packed.AppendString(b, s)
	}
	b = binary.AppendVarint(b, m.created)
	b = binary.AppendVarint(b, m.Updated)
	var flags byte
	if m.frozen {
		flags |= 1
	}
	if m.recorded {
		flags |= 2
	}
	b = append(b, flags)
	b = packed.AppendSection(b, m.tags, false)
	b = packed.AppendSection(b, m.params, false)
	return string(packed.AppendString(b, m.metrics))
}

// Parse is the inverse of packLoggedModel.
func Parse(id, s string) (*Document, error) {
	r := packed.Reader{S: s}
	if r.Byte() != packedLoggedModelFormat {
		return nil, packed.ErrPacked
	}
	m := &Document{ID: id, Exp: r.Str(), Name: r.Str(), ModelType: r.Str(), Run: r.Str()}
	m.status, m.Stage = mlflow.LoggedModelStatus(r.Str()), mlflow.LifecycleStage(r.Str())
	m.created, m.Updated = r.Varint(), r.Varint()
	flags := r.Byte()
	m.frozen, m.recorded = flags&1 != 0, flags&2 != 0
	m.tags, m.params = r.Dict(), r.Dict()
	m.metrics = r.Str()
	if r.Bad || r.S != "" {
		return nil, packed.ErrPacked
	}
	return m, nil
}

// encodeLoggedModel builds the document's item.
func encodeLoggedModel(key table.Key, m *Document) table.Item {
	attrs := m.AppendTo(make([]table.Attr, 0, 6))
	attrs = append(attrs, table.Attr{Name: keys.Packed, Value: table.Bytes(packLoggedModel(m))})
	return table.NewItem(key, document.AppendExpiry(attrs, m.Expiry)...)
}

// Decode reads the document's item; nil for a tombstone.
func Decode(id string, it table.Item) (*Document, error) {
	if err := document.CheckVersion(it); err != nil {
		return nil, err
	}
	if it.Str(keys.Stage) == document.TombstoneStage {
		return nil, nil //nolint:nilnil // nil is the absent model
	}
	m, err := Parse(id, it.Str(keys.Packed))
	if err != nil {
		return nil, err
	}
	m.Meta, m.Expiry = document.MetaOf(it), it.Num(table.TTLAttr)
	return m, nil
}

// loggedModelRow is the row of a model in the list of its experiment. It
// carries the model, unless something of it stands in items of its own.
func loggedModelRow(key table.Key, m *Document) table.Item {
	attrs := []table.Attr{{Name: keys.Version, Value: table.Number(document.SchemaVersion)}}
	if m.whole() {
		attrs = append(attrs, table.Attr{Name: keys.Packed, Value: table.Bytes(packLoggedModel(m))})
	}
	return table.NewItem(key, attrs...)
}
