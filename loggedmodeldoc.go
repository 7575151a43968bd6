package dynamodbstore

import (
	"encoding/binary"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// loggedModelBudget is the size of tags and params up to which they stand
	// in a model's document. Document and list row are written together, so
	// each KB costs 4 WCU with each change.
	loggedModelBudget = 12 << 10
	// loggedModelMetrics is the size of metrics up to which they do.
	loggedModelMetrics = 4 << 10
)

// loggedModelDoc is the document of a logged model (META). It is immutable;
// changes are made on copies.
type loggedModelDoc struct {
	docMeta
	id        string
	exp       string
	name      string
	modelType string
	run       string // "" without one
	status    LoggedModelStatus
	stage     LifecycleStage
	created   int64 // ms
	updated   int64 // ms
	frozen    bool  // tags and params may stand in items of their own
	recorded  bool  // metrics may stand in items of their own
	expiry    int64 // ttl, epoch seconds; 0: none
	tags      dict
	params    dict
	metrics   string // as packModelMetrics writes them
}

func (m *loggedModelDoc) clone() *loggedModelDoc {
	c := *m
	return &c
}

// whole reports whether all of the model is in its document.
func (m *loggedModelDoc) whole() bool { return !m.frozen && !m.recorded }

// entity returns what the document says. Points are those of the document.
func (m *loggedModelDoc) entity(e *expState, points []RunMetric) *LoggedModel {
	return &LoggedModel{
		ID: m.id, ExperimentID: m.exp, Name: m.name, ModelType: m.modelType, SourceRunID: m.run, Status: m.status,
		ArtifactURI: loggedModelArtifactURI(e.artifact, m.id), LifecycleStage: m.stage,
		CreationTime: m.created, LastUpdateTime: m.updated, Tags: m.tags.tags(), Params: m.params.params(), Metrics: points,
	}
}

// loggedModelArtifactURI is where a logged model keeps its artifacts.
// Source: MLflow 3.17, sqlalchemy_store.py, create_logged_model.
func loggedModelArtifactURI(location, id string) string {
	return appendURIPath(location, "models/"+id+"/artifacts")
}

const packedLoggedModelFormat = 1

// packLoggedModel packs a model for its document and its list row: format
// byte, experiment, name, type, run, status and stage as strings, creation and
// update time as varints, a byte of flags (1: frozen, 2: recorded), then tags,
// params and metrics, each as a string. Tags and params are strings, key and
// value in turn. The bytes are stored in tables: the format must not change
// under its number.
func packLoggedModel(m *loggedModelDoc) string {
	b := append(make([]byte, 0, 256+m.tags.size()+m.params.size()+len(m.metrics)), packedLoggedModelFormat)
	for _, s := range []string{m.exp, m.name, m.modelType, m.run, string(m.status), string(m.stage)} {
		b = appendString(b, s)
	}
	b = binary.AppendVarint(b, m.created)
	b = binary.AppendVarint(b, m.updated)
	var flags byte
	if m.frozen {
		flags |= 1
	}
	if m.recorded {
		flags |= 2
	}
	b = append(b, flags)
	b = appendSection(b, m.tags, false)
	b = appendSection(b, m.params, false)
	return string(appendString(b, m.metrics))
}

// parseLoggedModel is the inverse of packLoggedModel.
func parseLoggedModel(id, s string) (*loggedModelDoc, error) {
	r := reader{s: s}
	if r.byte() != packedLoggedModelFormat {
		return nil, errPacked
	}
	m := &loggedModelDoc{id: id, exp: r.str(), name: r.str(), modelType: r.str(), run: r.str()}
	m.status, m.stage = LoggedModelStatus(r.str()), LifecycleStage(r.str())
	m.created, m.updated = r.varint(), r.varint()
	flags := r.byte()
	m.frozen, m.recorded = flags&1 != 0, flags&2 != 0
	m.tags, m.params = r.dict(), r.dict()
	m.metrics = r.str()
	if r.bad || r.s != "" {
		return nil, errPacked
	}
	return m, nil
}

// dict reads a section of strings.
func (r *reader) dict() dict {
	in := reader{s: r.str()}
	var d dict
	for in.s != "" {
		d = append(d, in.str(), in.str())
	}
	if in.bad {
		r.fail()
		return nil
	}
	return d
}

// encodeLoggedModel builds the document's item.
func encodeLoggedModel(key table.Key, m *loggedModelDoc) table.Item {
	attrs := m.attrs(make([]table.Attr, 0, 6))
	attrs = append(attrs, table.Attr{Name: keys.Packed, Value: table.Bytes(packLoggedModel(m))})
	return table.NewItem(key, appendExpiry(attrs, m.expiry)...)
}

// decodeLoggedModel reads the document's item; nil for a tombstone.
func decodeLoggedModel(id string, it table.Item) (*loggedModelDoc, error) {
	if err := checkVersion(it); err != nil {
		return nil, err
	}
	if it.Str(keys.Stage) == tombstoneStage {
		return nil, nil //nolint:nilnil // nil is the absent model
	}
	m, err := parseLoggedModel(id, it.Str(keys.Packed))
	if err != nil {
		return nil, err
	}
	m.docMeta, m.expiry = metaOf(it), it.Num(table.TTLAttr)
	return m, nil
}

// loggedModelRow is the row of a model in the list of its experiment. It
// carries the model, unless something of it stands in items of its own.
func loggedModelRow(key table.Key, m *loggedModelDoc) table.Item {
	attrs := []table.Attr{{Name: keys.Version, Value: table.Number(schemaVersion)}}
	if m.whole() {
		attrs = append(attrs, table.Attr{Name: keys.Packed, Value: table.Bytes(packLoggedModel(m))})
	}
	return table.NewItem(key, attrs...)
}
