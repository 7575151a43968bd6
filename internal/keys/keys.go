package keys

import (
	"errors"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Sort keys and sort-key prefixes. Stored, must not change.
const (
	Meta          = "META"
	Metrics       = "METRICS"
	metricsShard  = "METRICS#"
	ParamPrefix   = "PARAM#"
	TagPrefix     = "TAG#"
	InputPrefix   = "INPUT#"
	ModelPrefix   = "MODEL#"
	OutputPrefix  = "OUTPUT#"
	RecordPrefix  = "R#"
	blockPrefix   = "B#"
	CreatedPrefix = "C#"
	UpdatedPrefix = "U#"
	expNamePrefix = "EXP#"
)

// Parts of partition keys. Stored, must not change.
const (
	workspacePrefix = "WS#"
	namesPK         = "NAMES"
	listsPK         = "EXPS"
	expPrefix       = "EXP#"
	runPrefix       = "RUN#"
	historyPrefix   = "HIST#"
	dataPart        = "DATA"
	usesPart        = "USES"
	runsPart        = "RUNS"
	openPart        = "OPEN"
	deletedPart     = "DELETED"
)

// Sort keys of the CONFIG partition. The specification of the configuration
// fixes them.
const (
	configPK        = "CONFIG"
	denormalizeTags = "DENORMALIZE_TAGS"
	ttlPolicy       = "TTL_POLICY"
	trigramFields   = "FTS_TRIGRAM_FIELDS"
	gcCursor        = "GC#"
)

// ErrMalformed is returned for a key that no function of this package built.
var ErrMalformed = errors.New("keys: malformed key")

// DenormalizeTags is the CONFIG item with the tag patterns of all experiments.
func DenormalizeTags() table.Key { return table.Key{PK: configPK, SK: denormalizeTags} }

// ExperimentDenormalizeTags is the CONFIG item with one experiment's patterns.
func ExperimentDenormalizeTags(id string) table.Key {
	return table.Key{PK: configPK, SK: denormalizeTags + "#EXP#" + id}
}

// TTLPolicy is the CONFIG item with the retentions.
func TTLPolicy() table.Key { return table.Key{PK: configPK, SK: ttlPolicy} }

// TrigramFields is the CONFIG item with the trigram fields.
func TrigramFields() table.Key { return table.Key{PK: configPK, SK: trigramFields} }

// GarbageCursor is the CONFIG item that says how far a garbage collection of
// a workspace has come.
func GarbageCursor(workspace string) table.Key {
	return table.Key{PK: configPK, SK: gcCursor + workspace}
}

// ConfigRange returns the partition and bounds of all CONFIG items.
func ConfigRange() (pk, from, to string) { return configPK, "A", table.PrefixEnd("Z") }

// ConfigExperiment returns the experiment whose patterns an item of the
// CONFIG partition holds; ok is false for the other items.
func ConfigExperiment(sk string) (id string, ok bool) {
	return strings.CutPrefix(sk, denormalizeTags+"#EXP#")
}

// Sequence is the counter of experiment ids.
func Sequence() table.Key { return table.Key{PK: "SEQ", SK: "EXPERIMENT"} }

// Space builds the keys of one workspace.
type Space struct{ prefix string }

// Workspace returns the key space of a workspace.
func Workspace(name string) Space { return Space{workspacePrefix + name + "#"} }

// Prefix is how the partition keys of all items of the workspace begin.
func (s Space) Prefix() string { return s.prefix }

// Experiment is an experiment's document.
func (s Space) Experiment(id string) table.Key {
	return table.Key{PK: s.prefix + expPrefix + id, SK: Meta}
}

// ExperimentTag is a tag that does not fit the experiment's document.
func (s Space) ExperimentTag(id, key string) table.Key {
	return table.Key{PK: s.prefix + expPrefix + id, SK: TagPrefix + part(key)}
}

// ExperimentName is the row that makes an experiment's name unique.
func (s Space) ExperimentName(name string) table.Key {
	return table.Key{PK: s.prefix + namesPK, SK: expNamePrefix + part(name)}
}

// ExperimentsPK is the partition of the experiment lists.
func (s Space) ExperimentsPK() string { return s.prefix + listsPK }

// ExperimentCreated is the row of the list by creation time, newest first.
func (s Space) ExperimentCreated(created int64, id string) table.Key {
	return table.Key{PK: s.ExperimentsPK(), SK: CreatedPrefix + Desc(created) + "#" + experimentSK(id)}
}

// ExperimentUpdated is the row of the list by update time, newest first.
func (s Space) ExperimentUpdated(updated int64, id string) table.Key {
	return table.Key{PK: s.ExperimentsPK(), SK: UpdatedPrefix + Desc(updated) + "#" + experimentSK(id)}
}

// experimentSK writes an experiment id so that ids sort as numbers.
func experimentSK(id string) string {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil { // no id that this store gave out
		return "x" + id
	}
	return Asc(n)
}

func formatID(n int64) string { return strconv.FormatInt(n, 10) }

// RunPK is the partition of a run's document, metrics and overflow.
func (s Space) RunPK(id string) string { return s.prefix + runPrefix + runID(id) }

// runID writes the id of a run. One that is too long for a key is no run's, and
// is looked for by its hash: there is none.
func runID(id string) string {
	if Hashed(id) {
		return "~" + Hash(id)
	}
	return id
}

// Run is a run's head.
func (s Space) Run(id string) table.Key { return table.Key{PK: s.RunPK(id), SK: Meta} }

// RunMetrics is the register item of a run's latest metrics. Shard 0 is the
// one that every run has.
func (s Space) RunMetrics(id string, shard int) table.Key {
	return table.Key{PK: s.RunPK(id), SK: MetricsSK(shard)}
}

// MetricsSK is the sort key of a register item.
func MetricsSK(shard int) string {
	if shard == 0 {
		return Metrics
	}
	n := strconv.Itoa(shard)
	return metricsShard + "0000"[min(len(n), 4):] + n
}

// IsMetrics reports whether sk is the sort key of a register item.
func IsMetrics(sk string) bool { return sk == Metrics || strings.HasPrefix(sk, metricsShard) }

// RunOverflow is an entry of a run that does not fit its head; prefix is
// [ParamPrefix], [TagPrefix], [InputPrefix], [ModelPrefix] or [OutputPrefix].
func (s Space) RunOverflow(id, prefix, key string) table.Key {
	return table.Key{PK: s.RunPK(id), SK: prefix + part(key)}
}

// HistoryPK is the partition of a run's metric history.
func (s Space) HistoryPK(run string) string { return s.prefix + historyPrefix + runID(run) }

// Record is a history record: its first step and the hash of its content.
func (s Space) Record(run string, step int64, hash string) table.Key {
	return table.Key{PK: s.HistoryPK(run), SK: RecordPrefix + Asc(step) + "#" + hash}
}

// BlockID tells the blocks of one metric of a run apart. Blocks sort by level,
// then span, then first step.
type BlockID struct {
	Level int   // 0..15: how often its points were merged into larger blocks
	Span  int   // 0..15: the class of its range of steps
	First int64 // step
	Hash  string
}

// blockSuffix is the length of what stands behind the metric in a block's
// sort key: level and span, first step, hash.
const blockSuffix = 1 + 2 + 1 + 16 + 1 + 16

// Block is a block of the history of one metric of a run. Hash has 16 digits.
func (s Space) Block(run, metric string, id BlockID) table.Key {
	return table.Key{PK: s.HistoryPK(run), SK: BlockSeek(metric, id.Level, id.Span, id.First) + "#" + id.Hash}
}

// BlockSeek is where the blocks of a level and span begin whose first step is
// the given one or later.
func BlockSeek(metric string, level, span int, first int64) string {
	b := append([]byte(blockPrefix), part(metric)...)
	b = append(b, '#', hexDigits[level&15], hexDigits[span&15], '#')
	return string(appendAsc(b, first))
}

// BlockRange returns the bounds of all blocks of a metric. Names of metrics
// have no '#', so no other metric's blocks are among them.
func BlockRange(metric string) (from, to string) {
	from = blockPrefix + part(metric) + "#"
	return from, table.PrefixEnd(from)
}

// ParseBlockSK returns what the sort key of a block says beside its metric.
func ParseBlockSK(sk string) (BlockID, error) {
	at := len(sk) - blockSuffix
	if at < len(blockPrefix) || !strings.HasPrefix(sk, blockPrefix) {
		return BlockID{}, ErrMalformed
	}
	s := sk[at:]
	level, span := strings.IndexByte(hexDigits, s[1]), strings.IndexByte(hexDigits, s[2])
	first, err := ParseAsc(s[4:20])
	if err != nil || level < 0 || span < 0 || s[0] != '#' || s[3] != '#' || s[20] != '#' {
		return BlockID{}, ErrMalformed
	}
	return BlockID{Level: level, Span: span, First: first, Hash: s[21:]}, nil
}

// Dataset is the description of a dataset of an experiment.
func (s Space) Dataset(exp, name, digest string) table.Key {
	return table.Key{PK: s.prefix + expPrefix + exp + "#" + dataPart, SK: Hash(name, digest)}
}

// DatasetChunk is one chunk of a dataset's body, by its content.
func (s Space) DatasetChunk(exp, name, digest, content string, n int) table.Key {
	k := s.Dataset(exp, name, digest)
	k.SK += "#" + content + "#" + Asc(int64(n))
	return k
}

// DatasetUse says that runs of an experiment have used a dataset, in a context
// or, if that is nil, in none.
func (s Space) DatasetUse(exp, name, digest string, context *string) table.Key {
	sk := Hash(name, digest)
	if context != nil {
		sk += "#" + Hash(*context)
	}
	return table.Key{PK: s.DatasetUsesPK(exp), SK: sk}
}

// DatasetUsesPK is the partition of the uses of the datasets of an experiment.
func (s Space) DatasetUsesPK(exp string) string { return s.prefix + expPrefix + exp + "#" + usesPart }

// RunsPK is the partition of an experiment's run list.
func (s Space) RunsPK(exp string) string { return s.prefix + expPrefix + exp + "#" + runsPart }

// RunRow is a run's row in the list of its experiment, newest first.
func (s Space) RunRow(exp string, start int64, run string) table.Key {
	return table.Key{PK: s.RunsPK(exp), SK: RunRowSK(start, run)}
}

// RunRowSK is the sort key of a run in the lists of its experiment.
func RunRowSK(start int64, run string) string { return Desc(start) + "#" + run }

// ParseRunRowSK is the inverse of [RunRowSK].
func ParseRunRowSK(sk string) (start int64, run string, err error) {
	head, run, ok := strings.Cut(sk, "#")
	if !ok {
		return 0, "", ErrMalformed
	}
	start, err = ParseDesc(head)
	return start, run, err
}

// OpenPK is the partition of an experiment's open runs.
func (s Space) OpenPK(exp string) string { return s.prefix + expPrefix + exp + "#" + openPart }

// DeletedPK is the partition of an experiment's deleted runs.
func (s Space) DeletedPK(exp string) string { return s.prefix + expPrefix + exp + "#" + deletedPart }

// DeletedRow lists a run that was deleted by itself.
func (s Space) DeletedRow(exp string, start int64, run string) table.Key {
	return table.Key{PK: s.DeletedPK(exp), SK: RunRowSK(start, run)}
}

// First and Last are the bounds of every sort key that this package builds, but
// for those that begin with a text: see [BehindTexts].
const (
	First = "\x00"
	Last  = "\U0010FFFF"
)
