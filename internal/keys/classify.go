package keys

import (
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Kind is what an item is, named as in the item map of the package comment.
type Kind string

// The kinds of items.
const (
	KindOther             Kind = "other" // no key of this package
	KindConfig            Kind = "config"
	KindSequence          Kind = "id sequence"
	KindWorkspace         Kind = "workspace"
	KindExperiment        Kind = "experiment"
	KindExperimentTag     Kind = "experiment, overflow"
	KindExperimentName    Kind = "experiment name"
	KindExperimentList    Kind = "experiment lists"
	KindRun               Kind = "run, head"
	KindRunMetrics        Kind = "run, latest metrics"
	KindRunOverflow       Kind = "run, overflow"
	KindDataset           Kind = "dataset bodies"
	KindDatasetUse        Kind = "dataset uses"
	KindHistory           Kind = "metric history"
	KindRunList           Kind = "run list"
	KindOpenRun           Kind = "open runs"
	KindDeletedRun        Kind = "deleted runs"
	KindRunIndex          Kind = "run index"
	KindRunTrigram        Kind = "run trigrams"
	KindExperimentTrigram Kind = "experiment trigrams"
	KindLoggedModel       Kind = "logged model"
	KindLoggedModelPart   Kind = "logged model, overflow"
	KindLoggedModelList   Kind = "logged models"
	KindModel             Kind = "model"
	KindModelPointer      Kind = "model pointer"
	KindModelOverflow     Kind = "model, overflow"
	KindModelVersion      Kind = "model version"
	KindVersionOverflow   Kind = "version, overflow"
	KindVersionIndex      Kind = "version index"
	KindModelTrigram      Kind = "model trigrams"
	KindEpoch             Kind = "epoch of users"
	KindBootstrap         Kind = "bootstrap"
	KindAuthSequence      Kind = "ids of users and roles"
	KindUserName          Kind = "user name"
	KindUser              Kind = "user"
	KindCredentials       Kind = "credentials"
	KindToken             Kind = "token"
	KindUserRow           Kind = "users"
	KindMember            Kind = "memberships"
	KindRoleBlock         Kind = "role ids, given"
	KindACLEpoch          Kind = "epoch of rights"
	KindRoleIDs           Kind = "role ids, left"
	KindRole              Kind = "role"
	KindRoleName          Kind = "role name"
	KindGoneRole          Kind = "deleted roles"
	KindAssignment        Kind = "assignments"
	KindUserRoles         Kind = "roles of a user"
	KindGrant             Kind = "grants of a user"
	KindGrantTo           Kind = "grants of a thing"
)

// IsDocument reports whether items of the kind are documents, on which all other
// items of an experiment, a run or a model depend.
func (k Kind) IsDocument() bool {
	switch k {
	case KindExperiment, KindRun, KindLoggedModel, KindModel, KindModelPointer, KindModelVersion:
		return true
	default:
		return false
	}
}

// Class is what the key of an item says.
type Class struct {
	Kind       Kind
	Workspace  string // "" for what belongs to no workspace
	Experiment string // id of the experiment, "" if the key has none
	Run        string // id of the run, "" if the key has none
	User       string // id of the user, "" if the key has none
	Logged     string // id of the logged model, "" if the key has none
	Model      string // id of the registered model, "" if the key has none
	Version    int    // of a registered model
	UID        string // of a version's creation
	Gen        int64  // of an open run
	// Time of an experiment, a run or a logged model in a list, of a run in an
	// index, or at which an open run has settled.
	Time int64
	// Settled says that an open run has settled lately.
	Settled bool
	// Of an index row: what it indexes, its name ("" if that is long and
	// stands as a hash) and the value, as in the sort key.
	Index       IndexKind
	Name, Value string // Name is also that of a workspace's document
	// Updated says that an experiment is listed by its last update.
	Updated bool
}

// Classify takes a key apart; a key that this package does not build is of
// [KindOther] and says nothing more.
func Classify(k table.Key) Class {
	if k.PK == configPK {
		c := Class{Kind: KindConfig}
		if id, ok := ConfigExperiment(k.SK); ok {
			c.Experiment = id
		}
		return c
	}
	if k == Sequence() {
		return Class{Kind: KindSequence}
	}
	if k.PK == workspacesPK && k.SK != "" {
		return Class{Kind: KindWorkspace, Name: k.SK}
	}
	if k.PK == authPK || strings.HasPrefix(k.PK, authPrefix) {
		if c, ok := classifyAuth(k); ok {
			return c
		}
		return Class{Kind: KindOther}
	}
	rest, ok := strings.CutPrefix(k.PK, workspacePrefix)
	if !ok {
		return Class{Kind: KindOther}
	}
	workspace, rest, ok := strings.Cut(rest, "#")
	if !ok || workspace == "" {
		return Class{Kind: KindOther}
	}
	c, ok := classify(rest, k.SK)
	if !ok {
		return Class{Kind: KindOther}
	}
	c.Workspace = workspace
	return c
}

// classify classifies what is in a workspace.
func classify(pk, sk string) (Class, bool) {
	if name, ok := strings.CutPrefix(sk, modelNamePrefix); pk == namesPK && ok {
		return Class{Kind: KindModel}, isPart(name, ok)
	}
	if pk == namesPK {
		return Class{Kind: KindExperimentName}, isPart(strings.CutPrefix(sk, expNamePrefix))
	}
	if pk == listsPK {
		return classifyList(sk)
	}
	head, rest, ok := strings.Cut(pk, "#")
	if !ok || rest == "" {
		return Class{}, false
	}
	switch head + "#" {
	case expPrefix:
		id, part, inside := strings.Cut(rest, "#")
		if id == "" {
			return Class{}, false
		}
		if inside {
			return classifyPart(id, part, sk)
		}
		return classifyExperiment(id, sk)
	case runPrefix:
		return classifyRun(rest, sk)
	case loggedModelPrefix:
		return classifyLoggedModel(rest, sk)
	case historyPrefix:
		return Class{Kind: KindHistory, Run: rest}, isID(rest)
	case modelPrefix:
		return classifyModel(rest, sk)
	case modelsPrefix:
		return classifyVersionIndex(rest, sk)
	case string(IndexTrigram):
		return classifyTrigram(rest, sk)
	case aclPart:
		return classifyACL(rest, sk)
	}
	return Class{}, false
}

// isPart reports whether p is what part writes. ok is that of what cut p off.
func isPart(p string, ok bool) bool { return ok && p != "" && (p[0] == '=' || p[0] == '~') }

func classifyTrigram(field, sk string) (Class, bool) {
	c := Class{Kind: KindExperimentTrigram, Index: IndexTrigram}
	value, place, err := ParseIndexSK(sk)
	if err != nil || !isPart(field, true) {
		return c, false
	}
	if c.Value = value; field[0] == '=' {
		c.Name = field[1:]
	}
	if c.Time, c.Model, err = ParseModelPlace(place); err == nil {
		c.Kind = KindModelTrigram
		return c, true
	}
	c.Time, c.Experiment, err = ParseExperimentPlace(place)
	return c, err == nil
}

func classifyList(sk string) (Class, bool) {
	place, updated := strings.CutPrefix(sk, UpdatedPrefix)
	if !updated {
		var ok bool
		if place, ok = strings.CutPrefix(sk, CreatedPrefix); !ok {
			return Class{}, false
		}
	}
	at, id, err := ParseExperimentPlace(place)
	return Class{Kind: KindExperimentList, Experiment: id, Time: at, Updated: updated}, err == nil
}

func classifyExperiment(id, sk string) (Class, bool) {
	if sk == Meta {
		return Class{Kind: KindExperiment, Experiment: id}, true
	}
	return Class{Kind: KindExperimentTag, Experiment: id}, strings.HasPrefix(sk, TagPrefix)
}

// classifyRun takes whatever a run's partition holds beside head and metrics
// for overflow.
func classifyRun(id, sk string) (Class, bool) {
	c := Class{Kind: KindRunOverflow, Run: id}
	switch {
	case sk == Meta:
		c.Kind = KindRun
	case IsMetrics(sk):
		c.Kind = KindRunMetrics
	}
	return c, isID(id)
}

// isID reports whether what a partition key ends with is the id of a run or of
// a logged model: longer ones stand as a hash.
func isID(id string) bool { return !strings.Contains(id, "#") && !Hashed(id) }

// classifyPart classifies what is in a partition below an experiment.
func classifyPart(id, name, sk string) (Class, bool) {
	c := Class{Experiment: id}
	var err error
	switch name {
	case dataPart:
		c.Kind = KindDataset
		return c, true
	case usesPart:
		c.Kind = KindDatasetUse
		return c, true
	case loggedModelsPart:
		c.Kind = KindLoggedModelList
		c.Time, c.Logged, err = ParseLoggedModelSK(sk)
		return c, err == nil && c.Logged != ""
	case runsPart, deletedPart:
		if c.Kind = KindRunList; name == deletedPart {
			c.Kind = KindDeletedRun
		}
		c.Time, c.Run, err = ParseRunRowSK(sk)
		return c, err == nil && c.Run != ""
	case openPart:
		c.Kind = KindOpenRun
		o, err := ParseOpenSK(sk)
		c.Run, c.Gen, c.Settled, c.Time = o.Run, o.Gen, o.Settled, o.At
		return c, err == nil
	}
	return classifyIndex(c, name, sk)
}

// classifyIndex classifies an index row of a run.
func classifyIndex(c Class, name, sk string) (Class, bool) {
	kind, ok := indexKind(name)
	field := strings.TrimPrefix(name, string(kind))
	if !ok || !isPart(field, true) {
		return Class{}, false
	}
	c.Kind, c.Index = KindRunIndex, kind
	if kind == IndexTrigram {
		c.Kind = KindRunTrigram
	}
	if field[0] == '=' {
		c.Name = field[1:]
	}
	value, place, err := ParseIndexSK(sk)
	if err != nil {
		return Class{}, false
	}
	c.Value = value
	c.Time, c.Run, err = ParseRunRowSK(place)
	return c, err == nil && c.Run != ""
}

// indexKind returns the kind that the name of an index begins with: TRI#, or
// IX#, a letter, and #.
func indexKind(name string) (IndexKind, bool) {
	if strings.HasPrefix(name, string(IndexTrigram)) {
		return IndexTrigram, true
	}
	n := len(IndexMetric)
	if len(name) < n || !strings.HasPrefix(name, "IX#") || name[n-1] != '#' || name[3] < 'a' || name[3] > 'z' {
		return "", false
	}
	return IndexKind(name[:n]), true
}
