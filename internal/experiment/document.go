package experiment

import (
	"encoding/binary"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// experimentBudget is the size of an experiment's inline tags above which new
// or longer ones become items of their own, and the size up to which the rows
// of the experiment lists carry the whole experiment.
const experimentBudget = 24 << 10

// Document is the document of an experiment (META). It is immutable;
// changes are made on copies.
type Document struct {
	document.Meta
	ID       string
	Name     string
	Artifact string
	Stage    mlflow.LifecycleStage
	Gen      int64 // goes up with each deletion and restoration
	Created  int64 // ms
	Updated  int64 // ms
	frozen   bool  // tags may stand in items of their own
	Expiry   int64 // ttl, epoch seconds; 0: none
	tags     packed.Dict
	spilled  packed.Dict // tags that the next write puts into items of their own
}

// Clone returns a copy that may be changed.
func (e *Document) Clone() *Document {
	c := *e
	c.spilled = nil
	return &c
}

func (s *Store) entity(e *Document) *mlflow.Experiment {
	out := &mlflow.Experiment{
		ID: e.ID, Name: e.Name, ArtifactLocation: e.Artifact, LifecycleStage: e.Stage,
		CreationTime: e.Created, LastUpdateTime: e.Updated, Tags: e.tags.Tags(),
	}
	if s.Live != "" {
		out.Workspace = s.Workspace
	}
	return out
}

// checkActive returns MLflow's error for a change of a deleted experiment.
func (e *Document) checkActive() error {
	return checkExperimentActive(e.ID, e.Stage)
}

func checkExperimentActive(id string, st mlflow.LifecycleStage) error {
	if st != mlflow.StageActive {
		return failure.Invalidf("The experiment %s must be in the 'active' state. Current state is %s.", id, st)
	}
	return nil
}

// ErrNotFound says that there is no such experiment.
func ErrNotFound(id string) error {
	return failure.Errorf(mlflow.CodeResourceDoesNotExist, "No Experiment with id=%s exists", id)
}

// encodeExperiment builds the document's item.
func encodeExperiment(key table.Key, e *Document, match func(string) bool) table.Item {
	attrs := e.AppendTo(make([]table.Attr, 0, 14))
	attrs = append(attrs,
		table.Attr{Name: keys.Name, Value: table.String(e.Name)},
		table.Attr{Name: keys.Artifact, Value: table.String(e.Artifact)},
		table.Attr{Name: keys.Stage, Value: table.String(string(e.Stage))},
		table.Attr{Name: keys.Gen, Value: table.Number(e.Gen)},
		table.Attr{Name: keys.Created, Value: table.Number(e.Created)},
		table.Attr{Name: keys.Updated, Value: table.Number(e.Updated)})
	if e.frozen {
		attrs = append(attrs, table.Attr{Name: keys.Frozen, Value: table.Number(1)})
	}
	attrs = document.AppendExpiry(attrs, e.Expiry)
	rest, attrs := document.SplitTags(e.tags, attrs, match)
	if len(rest) > 0 {
		attrs = append(attrs, table.Attr{Name: keys.Tags, Value: table.Map(rest)})
	}
	return table.NewItem(key, attrs...)
}

// Decode reads the document's item; nil for a tombstone.
func Decode(id string, it table.Item) (*Document, error) {
	if err := document.CheckVersion(it); err != nil {
		return nil, err
	}
	if it.Str(keys.Stage) == document.TombstoneStage {
		return nil, nil //nolint:nilnil // nil is the absent experiment
	}
	return &Document{
		Meta: document.MetaOf(it), ID: id,
		Name: it.Str(keys.Name), Artifact: it.Str(keys.Artifact),
		Stage: mlflow.LifecycleStage(it.Str(keys.Stage)), Gen: it.Num(keys.Gen),
		Created: it.Num(keys.Created), Updated: it.Num(keys.Updated),
		frozen: it.Num(keys.Frozen) == 1, Expiry: it.Num(table.TTLAttr), tags: document.JoinTags(it),
	}, nil
}

const packedExperimentFormat = 1

// packExperiment packs an experiment for the rows of the lists: format byte,
// then id, name, artifact location and stage as strings, generation, creation
// and update time as varints, tags as strings. "" if it is too large for a
// row, or has tags elsewhere.
func packExperiment(e *Document) string {
	if e.frozen || e.tags.Size() > experimentBudget {
		return ""
	}
	b := append(make([]byte, 0, 128+e.tags.Size()), packedExperimentFormat)
	for _, s := range []string{e.ID, e.Name, e.Artifact, string(e.Stage)} {
		b = packed.AppendString(b, s)
	}
	for _, n := range []int64{e.Gen, e.Created, e.Updated} {
		b = binary.AppendVarint(b, n)
	}
	for _, s := range e.tags {
		b = packed.AppendString(b, s)
	}
	return string(b)
}

// parseExperiment is the inverse of packExperiment.
func parseExperiment(s string) (*Document, error) {
	r := packed.Reader{S: s}
	if r.Byte() != packedExperimentFormat {
		return nil, packed.ErrPacked
	}
	e := &Document{ID: r.Str(), Name: r.Str(), Artifact: r.Str(), Stage: mlflow.LifecycleStage(r.Str())}
	e.Gen, e.Created, e.Updated = r.Varint(), r.Varint(), r.Varint()
	for r.S != "" {
		e.tags = append(e.tags, r.Str())
	}
	if r.Bad || len(e.tags)%2 != 0 {
		return nil, packed.ErrPacked
	}
	return e, nil
}
