package run

import (
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/document"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// EntryKind is a kind of entries of a run: maps of strings that live in the head
// until it is frozen, and in items of their own from then on.
type EntryKind int

// The kinds of entries.
const (
	EntryTag EntryKind = iota
	EntryParam
	EntryInput  // dataset inputs: hash of name and digest -> packed reference
	EntryModel  // model inputs: model id -> ""
	EntryOutput // model outputs: model id -> step
	EntryKinds  // how many there are
)

// attr is the attribute of the head with the inline entries.
func (k EntryKind) attr() string {
	return [EntryKinds]string{keys.Tags, keys.Params, keys.Inputs, keys.Models, keys.Outputs}[k]
}

// Prefix is the sort-key prefix of overflow items.
func (k EntryKind) Prefix() string {
	return [EntryKinds]string{keys.TagPrefix, keys.ParamPrefix, keys.InputPrefix, keys.ModelPrefix, keys.OutputPrefix}[k]
}

// Lifecycle marks of a run.
const (
	markNone    = ""
	MarkDeleted = "deleted"
	MarkActive  = "active" // restored by itself
)

const (
	// headBudget is the size at which a head is frozen: a change that would
	// pass it goes to overflow items, and so does every new entry after it.
	headBudget = 24 << 10
	// headLimit is the size that a frozen head may grow to by new values of
	// its tags; a tag that would pass it moves to an overflow item.
	headLimit = 128 << 10
)

// Head is the head document of a run (META). It is immutable; changes are
// made on copies.
type Head struct {
	document.Meta
	ID      string
	Gen     int64 // see settle.go
	Open    bool
	Frozen  bool
	Changed int64 // ms

	Exp     string
	Name    string
	User    string
	Status  mlflow.RunStatus
	Start   int64
	End     *int64
	Mark    string
	MarkGen int64
	Expiry  int64 // ttl, epoch seconds; 0: none
	Deleted int64 // when it was deleted by itself, ms; 0: never, or not known
	Entries [EntryKinds]packed.Dict
	Moves   packed.Dict  // tags that the next write moves to overflow items
	Uses    []table.Item // rows of dataset uses that the next write puts
}

// Clone returns a copy that may be changed; dicts are shared, as they never
// change in place.
func (h *Head) Clone() *Head {
	c := *h
	return &c
}

// Touch opens a closed head: its rows become stale with the next write.
func (h *Head) Touch() {
	if !h.Open {
		h.Gen++
		h.Open = true
	}
}

// stage is the run's lifecycle: its own mark counts only in the generation of
// the experiment that made it, otherwise the experiment's stage holds.
func stageOf(mark string, markGen int64, e *experiment.State) mlflow.LifecycleStage {
	if mark != markNone && markGen == e.Gen {
		if mark == MarkDeleted {
			return mlflow.StageDeleted
		}
		return mlflow.StageActive
	}
	return e.Stage
}

// Stage is whether a run of an experiment in that state is deleted.
func (h *Head) Stage(e *experiment.State) mlflow.LifecycleStage { return stageOf(h.Mark, h.MarkGen, e) }

// CheckActive returns MLflow's error for a change of a deleted run.
func (h *Head) CheckActive(e *experiment.State) error {
	if st := h.Stage(e); st != mlflow.StageActive {
		return errRunNotActive(h.ID, st)
	}
	return nil
}

func errRunNotActive(id string, st mlflow.LifecycleStage) error {
	return failure.Invalidf("The run %s must be in the 'active' state. Current state is %s.", id, st)
}

// ErrNotFound says that there is no such run.
func ErrNotFound(id string) error {
	return failure.Errorf(mlflow.CodeResourceDoesNotExist, "Run with id=%s not found", id)
}

// Size estimates the bytes of the head's item.
func (h *Head) Size() int {
	n := 300 + len(h.Name) + len(h.User)
	for _, d := range h.Entries {
		n += d.Size()
	}
	return n
}

// Info returns what the run is.
func (h *Head) Info(e *experiment.State) mlflow.RunInfo {
	return mlflow.RunInfo{
		RunID: h.ID, ExperimentID: h.Exp, Name: h.Name, UserID: h.User, Status: h.Status,
		StartTime: h.Start, EndTime: h.End, LifecycleStage: h.Stage(e),
		ArtifactURI: experiment.RunArtifactURI(e.Artifact, h.ID),
	}
}

// EncodeHead builds the head's item. Tags that match stand as attributes of
// their own, the others in a map; no tag is stored twice.
func EncodeHead(key table.Key, h *Head, match func(tag string) bool) table.Item {
	attrs := make([]table.Attr, 0, 18+h.Entries[EntryTag].Len())
	attrs = h.AppendTo(attrs)
	num := func(name string, n int64) { attrs = append(attrs, table.Attr{Name: name, Value: table.Number(n)}) }
	str := func(name, s string) { attrs = append(attrs, table.Attr{Name: name, Value: table.String(s)}) }
	num(keys.Gen, h.Gen)
	str(keys.State, fenceState(h.Open))
	num(keys.Changed, h.Changed)
	str(keys.ExpID, h.Exp)
	str(keys.Name, h.Name)
	if h.User != "" {
		str(keys.User, h.User)
	}
	str(keys.Status, string(h.Status))
	num(keys.Start, h.Start)
	if h.End != nil {
		num(keys.End, *h.End)
	}
	if h.Mark != markNone {
		str(keys.Mark, h.Mark)
		num(keys.MarkGen, h.MarkGen)
	}
	if h.Deleted != 0 {
		num(keys.Deleted, h.Deleted)
	}
	if h.Frozen {
		num(keys.Frozen, 1)
	}
	if h.Expiry != 0 {
		num(table.TTLAttr, h.Expiry)
	}
	rest, attrs := document.SplitTags(h.Entries[EntryTag], attrs, match)
	for k, d := range h.Entries {
		if EntryKind(k) == EntryTag {
			d = rest
		}
		if len(d) > 0 {
			attrs = append(attrs, table.Attr{Name: EntryKind(k).attr(), Value: table.Map(d)})
		}
	}
	return table.NewItem(key, attrs...)
}

func fenceState(open bool) string {
	if open {
		return keys.StateOpen
	}
	return keys.StateClosed
}

// DecodeHead reads a head's item.
func DecodeHead(id string, it table.Item) (*Head, error) {
	if err := document.CheckVersion(it); err != nil {
		return nil, err
	}
	h := &Head{Meta: document.MetaOf(it), ID: id}
	for _, a := range it.Attrs {
		v := a.Value
		switch a.Name {
		case keys.Gen:
			h.Gen = v.Num()
		case keys.State:
			h.Open = v.Str() == keys.StateOpen
		case keys.Changed:
			h.Changed = v.Num()
		case keys.Frozen:
			h.Frozen = true
		case keys.ExpID:
			h.Exp = v.Str()
		case keys.Name:
			h.Name = v.Str()
		case keys.User:
			h.User = v.Str()
		case keys.Status:
			h.Status = mlflow.RunStatus(v.Str())
		case keys.Start:
			h.Start = v.Num()
		case keys.End:
			end := v.Num()
			h.End = &end
		case keys.Mark:
			h.Mark = v.Str()
		case keys.MarkGen:
			h.MarkGen = v.Num()
		case keys.Deleted:
			h.Deleted = v.Num()
		case table.TTLAttr:
			h.Expiry = v.Num()
		case keys.Params:
			h.Entries[EntryParam] = v.Strings()
		case keys.Inputs:
			h.Entries[EntryInput] = v.Strings()
		case keys.Models:
			h.Entries[EntryModel] = v.Strings()
		case keys.Outputs:
			h.Entries[EntryOutput] = v.Strings()
		}
	}
	h.Entries[EntryTag] = document.JoinTags(it)
	if h.Status == document.TombstoneStatus {
		return nil, nil //nolint:nilnil // a tombstone is an absent run
	}
	return h, nil
}

// Rename sets the name and its tag.
func (h *Head) Rename(name string) {
	h.Name = name
	h.SetEntries(EntryTag, packed.Dict{mlflow.RunNameTag, name})
}
