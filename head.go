package dynamodbstore

import (
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Kinds of entries of a run: maps of strings that live in the head until it
// is frozen, and in items of their own from then on.
type entryKind int

const (
	entryTag entryKind = iota
	entryParam
	entryInput  // dataset inputs: hash of name and digest -> packed reference
	entryModel  // model inputs: model id -> ""
	entryOutput // model outputs: model id -> step
	entryKinds
)

// attr is the attribute of the head with the inline entries.
func (k entryKind) attr() string {
	return [entryKinds]string{keys.Tags, keys.Params, keys.Inputs, keys.Models, keys.Outputs}[k]
}

// prefix is the sort-key prefix of overflow items.
func (k entryKind) prefix() string {
	return [entryKinds]string{keys.TagPrefix, keys.ParamPrefix, keys.InputPrefix, keys.ModelPrefix, keys.OutputPrefix}[k]
}

// Lifecycle marks of a run.
const (
	markNone    = ""
	markDeleted = "deleted"
	markActive  = "active" // restored by itself
)

const (
	// headBudget is the size at which a head is frozen: a change that would
	// pass it goes to overflow items, and so does every new entry after it.
	headBudget = 24 << 10
	// headLimit is the size that a frozen head may grow to by new values of
	// its tags; a tag that would pass it moves to an overflow item.
	headLimit = 128 << 10
)

// runHead is the head document of a run (META). It is immutable; changes are
// made on copies.
type runHead struct {
	docMeta
	id      string
	gen     int64 // see settle.go
	open    bool
	frozen  bool
	changed int64 // ms

	exp     string
	name    string
	user    string
	status  RunStatus
	start   int64
	end     *int64
	mark    string
	markGen int64
	expiry  int64 // ttl, epoch seconds; 0: none
	deleted int64 // when it was deleted by itself, ms; 0: never, or not known
	entries [entryKinds]dict
	moves   dict         // tags that the next write moves to overflow items
	uses    []table.Item // rows of dataset uses that the next write puts
}

// tombstoneStatus in place of a status marks a run whose creation was never
// finished.
const tombstoneStatus = "TOMBSTONE"

// clone returns a copy that may be changed; dicts are shared, as they never
// change in place.
func (h *runHead) clone() *runHead {
	c := *h
	return &c
}

// touch opens a closed head: its rows become stale with the next write.
func (h *runHead) touch() {
	if !h.open {
		h.gen++
		h.open = true
	}
}

// stage is the run's lifecycle: its own mark counts only in the generation of
// the experiment that made it, otherwise the experiment's stage holds.
func stageOf(mark string, markGen int64, e *expState) LifecycleStage {
	if mark != markNone && markGen == e.gen {
		if mark == markDeleted {
			return StageDeleted
		}
		return StageActive
	}
	return e.stage
}

func (h *runHead) stage(e *expState) LifecycleStage { return stageOf(h.mark, h.markGen, e) }

// checkActive returns MLflow's error for a change of a deleted run.
func (h *runHead) checkActive(e *expState) error {
	if st := h.stage(e); st != StageActive {
		return errRunNotActive(h.id, st)
	}
	return nil
}

func errRunNotActive(id string, st LifecycleStage) error {
	return invalidf("The run %s must be in the 'active' state. Current state is %s.", id, st)
}

func errRunNotFound(id string) error {
	return errorf(CodeResourceDoesNotExist, "Run with id=%s not found", id)
}

// size estimates the bytes of the head's item.
func (h *runHead) size() int {
	n := 300 + len(h.name) + len(h.user)
	for _, d := range h.entries {
		n += d.size()
	}
	return n
}

// info returns what the run is.
func (h *runHead) info(e *expState) RunInfo {
	return RunInfo{
		RunID: h.id, ExperimentID: h.exp, Name: h.name, UserID: h.user, Status: h.status,
		StartTime: h.start, EndTime: h.end, LifecycleStage: h.stage(e),
		ArtifactURI: runArtifactURI(e.artifact, h.id),
	}
}

// encodeHead builds the head's item. Tags that match stand as attributes of
// their own, the others in a map; no tag is stored twice.
func encodeHead(key table.Key, h *runHead, match func(tag string) bool) table.Item {
	attrs := make([]table.Attr, 0, 18+h.entries[entryTag].len())
	attrs = h.attrs(attrs)
	num := func(name string, n int64) { attrs = append(attrs, table.Attr{Name: name, Value: table.Number(n)}) }
	str := func(name, s string) { attrs = append(attrs, table.Attr{Name: name, Value: table.String(s)}) }
	num(keys.Gen, h.gen)
	str(keys.State, fenceState(h.open))
	num(keys.Changed, h.changed)
	str(keys.ExpID, h.exp)
	str(keys.Name, h.name)
	if h.user != "" {
		str(keys.User, h.user)
	}
	str(keys.Status, string(h.status))
	num(keys.Start, h.start)
	if h.end != nil {
		num(keys.End, *h.end)
	}
	if h.mark != markNone {
		str(keys.Mark, h.mark)
		num(keys.MarkGen, h.markGen)
	}
	if h.deleted != 0 {
		num(keys.Deleted, h.deleted)
	}
	if h.frozen {
		num(keys.Frozen, 1)
	}
	if h.expiry != 0 {
		num(table.TTLAttr, h.expiry)
	}
	rest, attrs := splitTags(h.entries[entryTag], attrs, match)
	for k, d := range h.entries {
		if entryKind(k) == entryTag {
			d = rest
		}
		if len(d) > 0 {
			attrs = append(attrs, table.Attr{Name: entryKind(k).attr(), Value: table.Map(d)})
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

// decodeHead reads a head's item.
func decodeHead(id string, it table.Item) (*runHead, error) {
	if err := checkVersion(it); err != nil {
		return nil, err
	}
	h := &runHead{docMeta: metaOf(it), id: id}
	for _, a := range it.Attrs {
		v := a.Value
		switch a.Name {
		case keys.Gen:
			h.gen = v.Num()
		case keys.State:
			h.open = v.Str() == keys.StateOpen
		case keys.Changed:
			h.changed = v.Num()
		case keys.Frozen:
			h.frozen = true
		case keys.ExpID:
			h.exp = v.Str()
		case keys.Name:
			h.name = v.Str()
		case keys.User:
			h.user = v.Str()
		case keys.Status:
			h.status = RunStatus(v.Str())
		case keys.Start:
			h.start = v.Num()
		case keys.End:
			end := v.Num()
			h.end = &end
		case keys.Mark:
			h.mark = v.Str()
		case keys.MarkGen:
			h.markGen = v.Num()
		case keys.Deleted:
			h.deleted = v.Num()
		case table.TTLAttr:
			h.expiry = v.Num()
		case keys.Params:
			h.entries[entryParam] = v.Strings()
		case keys.Inputs:
			h.entries[entryInput] = v.Strings()
		case keys.Models:
			h.entries[entryModel] = v.Strings()
		case keys.Outputs:
			h.entries[entryOutput] = v.Strings()
		}
	}
	h.entries[entryTag] = joinTags(it)
	if h.status == tombstoneStatus {
		return nil, nil //nolint:nilnil // a tombstone is an absent run
	}
	return h, nil
}

// splitTags appends the tags that match as attributes and returns the others.
func splitTags(tags dict, attrs []table.Attr, match func(string) bool) (dict, []table.Attr) {
	var rest dict
	for i := 0; i < len(tags); i += 2 {
		if match != nil && match(tags[i]) {
			attrs = append(attrs, table.Attr{Name: keys.TagAttr + tags[i], Value: table.String(tags[i+1])})
			continue
		}
		rest = append(rest, tags[i], tags[i+1])
	}
	return rest, attrs
}

// joinTags is the inverse of splitTags.
func joinTags(it table.Item) dict {
	var own dict
	lo, _ := slices.BinarySearchFunc(it.Attrs, keys.TagAttr, func(a table.Attr, s string) int {
		return strings.Compare(a.Name, s)
	})
	for _, a := range it.Attrs[lo:] {
		key, ok := strings.CutPrefix(a.Name, keys.TagAttr)
		if !ok {
			break
		}
		own = append(own, key, a.Value.Str())
	}
	v, _ := it.Get(keys.Tags)
	return dict(v.Strings()).merge(own)
}
