package dynamodbstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/pyrepr"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// DefaultExperimentID is the id of the experiment that always exists.
const (
	DefaultExperimentID   = "0"
	defaultExperimentName = "Default"
)

// CreateExperiment makes an experiment and returns its id. Names are unique,
// those of deleted experiments included: RESOURCE_ALREADY_EXISTS.
//
// Atomic: one transaction of document, name and list rows; the trigrams of the
// name are written before, where nobody follows them without a document.
// 4 requests, 1 RCU, and 9 WCU for an experiment below 1 KB, 1 more for each
// trigram: the characters of its name less two.
func (s *Store) CreateExperiment(ctx context.Context, p CreateExperimentParams) (string, error) {
	if err := s.validateNewExperiment(p); err != nil {
		return "", err
	}
	// A name that is taken costs a read, not an id and rows that nobody needs.
	if _, taken, err := s.t.Get(ctx, s.ks.ExperimentName(p.Name), table.Strong); err != nil {
		return "", failure(err)
	} else if taken {
		return "", errNameTaken(p.Name)
	}
	// The counter is raised first: an id given out is never given out again,
	// whatever happens to its experiment.
	seq, err := s.t.Update(table.DeferSync(ctx), table.Update{
		Key:    keys.Sequence(),
		Add:    []table.Attr{{Name: keys.Next, Value: table.Number(1)}},
		Return: true,
	})
	if err != nil {
		return "", failure(err)
	}
	id := strconv.FormatInt(seq.Num(keys.Next), 10)
	if err := s.insertExperiment(ctx, id, p); err != nil {
		return "", failure(err)
	}
	return id, nil
}

// ensureTries is how often EnsureExperiment looks again when the experiment of
// its name comes and goes.
const ensureTries = 5

// EnsureExperiment returns the id of the active experiment of a name and makes
// it, with what else p has, if there is none of that name. Of any number of
// callers, in any processes, all get the same id and one has made it. An
// experiment that is there stays as it is. One that is deleted holds its name:
// INVALID_PARAMETER_VALUE, as MLflow's set_experiment has it; restore it, or
// delete it for good.
//
// Atomic as [Store.CreateExperiment] is. 2 requests, 2 RCU for one that is there;
// else 1 request, 1 RCU more than a creation.
// Source: MLflow 3.17, tracking/fluent.py, set_experiment.
func (s *Store) EnsureExperiment(ctx context.Context, p CreateExperimentParams) (string, error) {
	if err := s.validateNewExperiment(p); err != nil {
		return "", err
	}
	var err error
	for range ensureTries {
		var e *Experiment
		e, err = s.GetExperimentByName(ctx, p.Name)
		switch {
		case err == nil && e.LifecycleStage != StageActive:
			return "", invalidf("Cannot set a deleted experiment %s as the active experiment. You can restore the experiment, "+
				"or permanently delete the experiment to create a new one.", pyrepr.String(p.Name))
		case err == nil:
			return e.ID, failure(table.Sync(ctx, s.t)) // another's creation may not be on disk yet
		case !errors.Is(err, ErrNotFound):
			return "", err
		}
		var id string
		if id, err = s.CreateExperiment(ctx, p); !errors.Is(err, ErrAlreadyExists) {
			return id, err
		}
	}
	return "", err
}

func (s *Store) validateNewExperiment(p CreateExperimentParams) error {
	if err := validateExperimentName(p.Name); err != nil {
		return err
	}
	if !utf8.ValidString(p.Name) {
		return invalidf("Invalid experiment name: %q. It is not UTF-8.", p.Name)
	}
	for _, t := range p.Tags {
		if err := validateExperimentTag(t.Key, t.Value); err != nil {
			return err
		}
	}
	if p.ArtifactLocation == "" {
		return nil
	}
	return validateArtifactLocation(p.ArtifactLocation)
}

func (s *Store) createDefaultExperiment(ctx context.Context) error {
	_, found, err := s.t.Get(ctx, s.ks.Experiment(DefaultExperimentID), table.Strong)
	if err != nil || found {
		return failure(err)
	}
	err = s.insertExperiment(ctx, DefaultExperimentID, CreateExperimentParams{Name: defaultExperimentName})
	if errors.Is(err, ErrAlreadyExists) {
		return nil // another process was first
	}
	return failure(err)
}

// insertExperiment writes a new experiment: document and name must be absent.
func (s *Store) insertExperiment(ctx context.Context, id string, p CreateExperimentParams) error {
	now := s.nowMillis()
	e := &experimentDoc{
		docMeta: docMeta{}.next(), id: id, name: p.Name, artifact: p.ArtifactLocation,
		stage: StageActive, gen: 1, created: now, updated: now,
	}
	if e.artifact == "" {
		e.artifact = appendURIPath(s.artifactRoot, id)
	}
	// Tags that do not fit go first: without a document nobody sees them.
	e.setTags(dictOf(p.Tags))
	if err := s.t.BatchWrite(table.DeferSync(ctx), s.tagItems(e), nil); err != nil {
		return err
	}
	if _, err := s.putTrigrams(table.DeferSync(ctx), nil, e); err != nil {
		return err
	}
	ops, err := s.experimentOps(ctx, nil, e)
	if err != nil {
		return err
	}
	name := s.ks.ExperimentName(e.name)
	ops = append(ops, table.Put{Item: nameRow(name, e), Cond: table.Absent()})
	if err := s.checkBegun(e.created, experimentText(e)); err != nil {
		return err
	}
	err = s.t.Transact(ctx, uuid.NewString(), ops...)
	if lost, ok := errors.AsType[*table.CanceledError](err); ok {
		return s.createConflict(lost, e)
	}
	return err
}

// createConflict tells a taken name from our own earlier write whose reply
// was lost, and from a creation that took so long that a garbage collection
// has put a tombstone in its place. Another try gets another id.
func (s *Store) createConflict(lost *table.CanceledError, e *experimentDoc) error {
	if c := lost.Failed[0]; c != nil && c.Found {
		if metaOf(c.Item).wrote(e.docMeta) {
			return nil
		}
		if c.Item.Str(keys.Stage) == tombstoneStage {
			return errNotCreated(experimentText(e))
		}
	}
	return errNameTaken(e.name)
}

func experimentText(e *experimentDoc) string { return fmt.Sprintf("The experiment %q", e.name) }

func errNameTaken(name string) error {
	return errorf(CodeResourceAlreadyExists, "Experiment(name=%s) already exists.", name)
}

func nameRow(key table.Key, e *experimentDoc) table.Item {
	attrs := []table.Attr{
		{Name: keys.Version, Value: table.Number(schemaVersion)},
		{Name: keys.ExpID, Value: table.String(e.id)},
		{Name: keys.Name, Value: table.String(e.name)},
	}
	return table.NewItem(key, appendExpiry(attrs, e.expiry)...)
}

func experimentRow(key table.Key, e *experimentDoc, packed string) table.Item {
	attrs := []table.Attr{
		{Name: keys.Version, Value: table.Number(schemaVersion)},
		{Name: keys.ExpID, Value: table.String(e.id)},
	}
	if packed != "" {
		attrs = append(attrs, table.Attr{Name: keys.Packed, Value: table.Bytes(packed)})
	}
	return table.NewItem(key, appendExpiry(attrs, e.expiry)...)
}

func overflowItem(key table.Key, name, value string) table.Item {
	return table.NewItem(key,
		table.Attr{Name: keys.Version, Value: table.Number(schemaVersion)},
		table.Attr{Name: keys.Key, Value: table.String(name)},
		table.Attr{Name: keys.Value, Value: table.String(value)})
}

// setTags sets tags inline while they fit; the others will stand in items of
// their own. e must be a copy that may be changed.
func (e *experimentDoc) setTags(tags dict) {
	own := inlineEntries{
		entryRules: entryRules{budget: experimentBudget, limit: experimentBudget, padding: entryPadding},
		inline:     &e.tags, size: e.tags.size(), frozen: &e.frozen,
	}
	e.spilled = e.spilled.merge(own.set(tags))
}

// loadExperiment reads the document, nil if there is none.
func (s *Store) loadExperiment(ctx context.Context, id string) (*experimentDoc, error) {
	return readDocument(ctx, s.t, s.ks.Experiment(id), func(it table.Item) (*experimentDoc, error) {
		return decodeExperiment(id, it)
	})
}

// fullExperiment reads the document and its tags that stand elsewhere.
func (s *Store) fullExperiment(ctx context.Context, id string) (*experimentDoc, error) {
	e, err := s.loadExperiment(ctx, id)
	if err != nil || e == nil || !e.frozen {
		return e, err
	}
	pk := s.ks.Experiment(id).PK
	q := table.Query{PK: pk, From: keys.TagPrefix, To: table.PrefixEnd(keys.TagPrefix) + keys.Last}
	var spilled []Tag
	for it, err := range table.Items(ctx, s.t, q) {
		if err != nil {
			return nil, err
		}
		spilled = append(spilled, Tag{it.Str(keys.Key), it.Str(keys.Value)})
	}
	e.tags = e.tags.merge(dictOf(spilled))
	return e, nil
}

// GetExperiment returns an experiment, deleted or not; RESOURCE_DOES_NOT_EXIST
// if there is none. 1 request, 1 RCU for each 4 KB of the experiment.
func (s *Store) GetExperiment(ctx context.Context, id string) (*Experiment, error) {
	if err := validateExperimentID(id); err != nil {
		return nil, err
	}
	id = canonicalID(id)
	e, err := s.fullExperiment(ctx, id)
	if err != nil {
		return nil, failure(err)
	}
	if e == nil {
		return nil, errNoExperiment(id)
	}
	return e.entity(), nil
}

// canonicalID is a valid experiment id as MLflow's integer column keeps it:
// "007" is experiment 7.
func canonicalID(id string) string {
	if n, err := strconv.ParseInt(strings.TrimSpace(id), 10, 64); err == nil {
		return strconv.FormatInt(n, 10)
	}
	return id
}

// GetExperimentByName returns the experiment of that name, deleted or not;
// RESOURCE_DOES_NOT_EXIST if there is none. 2 requests, 2 RCU for an
// experiment below 4 KB.
func (s *Store) GetExperimentByName(ctx context.Context, name string) (*Experiment, error) {
	row, found, err := s.t.Get(ctx, s.ks.ExperimentName(name), table.Strong)
	if err != nil {
		return nil, failure(err)
	}
	var e *experimentDoc
	if found {
		if e, err = s.fullExperiment(ctx, row.Str(keys.ExpID)); err != nil {
			return nil, failure(err)
		}
	}
	if e == nil || e.name != name {
		return nil, errorf(CodeResourceDoesNotExist, "Could not find experiment with name '%s'", name)
	}
	return e.entity(), nil
}

// RenameExperiment gives an active experiment another name. Atomic with the
// old name's release. 2 requests, 1 RCU and 10 to 14 WCU below 1 KB.
func (s *Store) RenameExperiment(ctx context.Context, id, name string) error {
	if err := validateExperimentID(id); err != nil {
		return err
	}
	if err := s.validateNewExperiment(CreateExperimentParams{Name: name}); err != nil {
		return err
	}
	return s.mutateExperiment(ctx, canonicalID(id), func(e *experimentDoc) (*experimentDoc, error) {
		if e.stage != StageActive {
			return nil, errorf(CodeInvalidState, "Cannot rename a non-active experiment.")
		}
		next := e.clone()
		next.name, next.updated = name, s.nextUpdate(e)
		return next, nil
	}, func(cur, next *experimentDoc) ([]table.Op, error) {
		if cur.name == next.name {
			return nil, nil
		}
		return []table.Op{
			table.Put{Item: nameRow(s.ks.ExperimentName(next.name), next), Cond: table.Absent()},
			table.Delete{Key: s.ks.ExperimentName(cur.name)},
		}, nil
	})
}

// nextUpdate is the time of an update; never before the last one.
func (s *Store) nextUpdate(e *experimentDoc) int64 { return max(s.nowMillis(), e.updated) }

// DeleteExperiment marks an active experiment as deleted, and with it all its
// runs; RESOURCE_DOES_NOT_EXIST if there is none that is active. It expires
// after the retention of soft-deleted entities; the default one never does.
//
// Atomic. 2 requests, 10 WCU below 1 KB, whatever the number of its runs.
func (s *Store) DeleteExperiment(ctx context.Context, id string) error {
	if err := validateExperimentID(id); err != nil {
		return err
	}
	id = canonicalID(id)
	cfg, err := s.settings.current(ctx)
	if err != nil {
		return failure(err)
	}
	return s.mutateExperiment(ctx, id, func(e *experimentDoc) (*experimentDoc, error) {
		if e.stage != StageActive {
			return nil, errNoExperiment(id)
		}
		next := e.clone()
		next.stage, next.gen, next.updated = StageDeleted, e.gen+1, s.nextUpdate(e)
		if id != DefaultExperimentID { // which Init would make anew, with its old runs
			next.expiry = s.expiryIn(cfg.policy.softDeleted)
		}
		return next, nil
	}, s.restampName)
}

// restampName gives the name row the document's expiry.
func (s *Store) restampName(cur, next *experimentDoc) ([]table.Op, error) {
	if cur.expiry == next.expiry {
		return nil, nil
	}
	return []table.Op{table.Put{Item: nameRow(s.ks.ExperimentName(next.name), next)}}, nil
}

// RestoreExperiment brings a deleted experiment back, and with it all its
// runs, those deleted one by one included; RESOURCE_DOES_NOT_EXIST if there is
// none that is deleted.
//
// The runs deleted one by one are freed from their expiry first, each
// atomically, then the experiment flips in one transaction: after a crash in
// between it is still deleted, and repeating the call finishes the work.
// 10 WCU below 1 KB, and about 8 for each run deleted by itself.
func (s *Store) RestoreExperiment(ctx context.Context, id string) error {
	if err := validateExperimentID(id); err != nil {
		return err
	}
	id = canonicalID(id)
	e, err := s.loadExperiment(ctx, id)
	if err != nil {
		return failure(err)
	}
	if e == nil || e.stage != StageDeleted {
		return errNoExperiment(id)
	}
	if err := s.freeDeletedRuns(ctx, e); err != nil {
		return failure(err)
	}
	return s.mutateExperiment(ctx, id, func(e *experimentDoc) (*experimentDoc, error) {
		if e.stage != StageDeleted {
			return nil, errNoExperiment(id)
		}
		next := e.clone()
		next.stage, next.gen, next.updated = StageActive, e.gen+1, s.nextUpdate(e)
		next.expiry = 0
		return next, nil
	}, s.restampName)
}

// SetExperimentTag sets one tag of an active experiment. Atomic. 2 requests,
// 6 WCU below 1 KB.
func (s *Store) SetExperimentTag(ctx context.Context, id string, t Tag) error {
	if err := validateExperimentTag(t.Key, t.Value); err != nil {
		return err
	}
	if err := validateExperimentID(id); err != nil {
		return err
	}
	return s.mutateExperiment(ctx, canonicalID(id), func(e *experimentDoc) (*experimentDoc, error) {
		if err := e.checkActive(); err != nil {
			return nil, err
		}
		next := e.clone()
		if next.setTags(dict{t.Key, t.Value}); next.spilled == nil && slices.Equal(next.tags, e.tags) {
			return e, nil
		}
		return next, nil
	}, nil)
}

// DeleteExperimentTag removes one tag of an active experiment;
// RESOURCE_DOES_NOT_EXIST if it has none of that key. Atomic. 3 requests at
// most, 6 WCU below 1 KB.
func (s *Store) DeleteExperimentTag(ctx context.Context, id, key string) error {
	if err := validateExperimentID(id); err != nil {
		return err
	}
	id = canonicalID(id)
	missing := errorf(CodeResourceDoesNotExist, "No tag with name: %s in experiment with id %s", key, id)
	for again := false; ; again = true {
		elsewhere, err := s.deleteExperimentTag(ctx, id, key, missing)
		if !errors.Is(err, missing) || elsewhere || again {
			return failure(err)
		}
		// It may have moved to an item of its own since that was looked for.
	}
}

// deleteExperimentTag removes one tag, and reports whether it was found in an
// item of its own; missing if it is nowhere.
func (s *Store) deleteExperimentTag(ctx context.Context, id, key string, missing error) (elsewhere bool, err error) {
	tagKey := s.ks.ExperimentTag(id, key)
	if _, elsewhere, err = s.t.Get(ctx, tagKey, table.Strong); err != nil {
		return elsewhere, err
	}
	return elsewhere, s.mutateExperiment(ctx, id, func(e *experimentDoc) (*experimentDoc, error) {
		if err := e.checkActive(); err != nil {
			return nil, err
		}
		next := e.clone()
		next.tags = e.tags.remove(key)
		if next.tags.len() == e.tags.len() && !elsewhere {
			return nil, missing
		}
		return next, nil
	}, func(_, _ *experimentDoc) ([]table.Op, error) {
		if !elsewhere {
			return nil, nil
		}
		return []table.Op{table.Delete{Key: tagKey}}, nil
	})
}
