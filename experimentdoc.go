package dynamodbstore

import (
	"encoding/binary"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// experimentBudget is the size of an experiment's inline tags above which new
// or longer ones become items of their own, and the size up to which the rows
// of the experiment lists carry the whole experiment.
const experimentBudget = 24 << 10

// experimentDoc is the document of an experiment (META). It is immutable;
// changes are made on copies.
type experimentDoc struct {
	docMeta
	id       string
	name     string
	artifact string
	stage    LifecycleStage
	gen      int64 // goes up with each deletion and restoration
	created  int64 // ms
	updated  int64 // ms
	frozen   bool  // tags may stand in items of their own
	expiry   int64 // ttl, epoch seconds; 0: none
	tags     dict
	spilled  dict // tags that the next write puts into items of their own
}

func (e *experimentDoc) clone() *experimentDoc {
	c := *e
	c.spilled = nil
	return &c
}

func (e *experimentDoc) entity() *Experiment {
	return &Experiment{
		ID: e.id, Name: e.name, ArtifactLocation: e.artifact, LifecycleStage: e.stage,
		CreationTime: e.created, LastUpdateTime: e.updated, Tags: e.tags.tags(),
	}
}

// checkActive returns MLflow's error for a change of a deleted experiment.
func (e *experimentDoc) checkActive() error {
	return checkExperimentActive(e.id, e.stage)
}

func checkExperimentActive(id string, st LifecycleStage) error {
	if st != StageActive {
		return invalidf("The experiment %s must be in the 'active' state. Current state is %s.", id, st)
	}
	return nil
}

func errNoExperiment(id string) error {
	return errorf(CodeResourceDoesNotExist, "No Experiment with id=%s exists", id)
}

// encodeExperiment builds the document's item.
func encodeExperiment(key table.Key, e *experimentDoc, match func(string) bool) table.Item {
	attrs := e.attrs(make([]table.Attr, 0, 14))
	attrs = append(attrs,
		table.Attr{Name: keys.Name, Value: table.String(e.name)},
		table.Attr{Name: keys.Artifact, Value: table.String(e.artifact)},
		table.Attr{Name: keys.Stage, Value: table.String(string(e.stage))},
		table.Attr{Name: keys.Gen, Value: table.Number(e.gen)},
		table.Attr{Name: keys.Created, Value: table.Number(e.created)},
		table.Attr{Name: keys.Updated, Value: table.Number(e.updated)})
	if e.frozen {
		attrs = append(attrs, table.Attr{Name: keys.Frozen, Value: table.Number(1)})
	}
	attrs = appendExpiry(attrs, e.expiry)
	rest, attrs := splitTags(e.tags, attrs, match)
	if len(rest) > 0 {
		attrs = append(attrs, table.Attr{Name: keys.Tags, Value: table.Map(rest)})
	}
	return table.NewItem(key, attrs...)
}

func appendExpiry(attrs []table.Attr, expiry int64) []table.Attr {
	if expiry == 0 {
		return attrs
	}
	return append(attrs, table.Attr{Name: table.TTLAttr, Value: table.Number(expiry)})
}

// tombstoneStage in place of a stage marks an experiment that is gone for good.
const tombstoneStage = "TOMBSTONE"

// decodeExperiment reads the document's item; nil for a tombstone.
func decodeExperiment(id string, it table.Item) (*experimentDoc, error) {
	if err := checkVersion(it); err != nil {
		return nil, err
	}
	if it.Str(keys.Stage) == tombstoneStage {
		return nil, nil //nolint:nilnil // nil is the absent experiment
	}
	return &experimentDoc{
		docMeta: metaOf(it), id: id,
		name: it.Str(keys.Name), artifact: it.Str(keys.Artifact),
		stage: LifecycleStage(it.Str(keys.Stage)), gen: it.Num(keys.Gen),
		created: it.Num(keys.Created), updated: it.Num(keys.Updated),
		frozen: it.Num(keys.Frozen) == 1, expiry: it.Num(table.TTLAttr), tags: joinTags(it),
	}, nil
}

const packedExperimentFormat = 1

// packExperiment packs an experiment for the rows of the lists: format byte,
// then id, name, artifact location and stage as strings, generation, creation
// and update time as varints, tags as strings. "" if it is too large for a
// row, or has tags elsewhere.
func packExperiment(e *experimentDoc) string {
	if e.frozen || e.tags.size() > experimentBudget {
		return ""
	}
	b := append(make([]byte, 0, 128+e.tags.size()), packedExperimentFormat)
	for _, s := range []string{e.id, e.name, e.artifact, string(e.stage)} {
		b = appendString(b, s)
	}
	for _, n := range []int64{e.gen, e.created, e.updated} {
		b = binary.AppendVarint(b, n)
	}
	for _, s := range e.tags {
		b = appendString(b, s)
	}
	return string(b)
}

// parseExperiment is the inverse of packExperiment.
func parseExperiment(s string) (*experimentDoc, error) {
	r := reader{s: s}
	if r.byte() != packedExperimentFormat {
		return nil, errPacked
	}
	e := &experimentDoc{id: r.str(), name: r.str(), artifact: r.str(), stage: LifecycleStage(r.str())}
	e.gen, e.created, e.updated = r.varint(), r.varint(), r.varint()
	for r.s != "" {
		e.tags = append(e.tags, r.str())
	}
	if r.bad || len(e.tags)%2 != 0 {
		return nil, errPacked
	}
	return e, nil
}
