package registry

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/failure"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/validate"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// Stages of versions.
//
// A version's row says into which stage the version was put, and in which
// revision of its model. The model's document has for each stage the highest
// version in it, how many there are, and cuts: all versions that were put into
// the stage before the revision of a cut are archived. A transition that
// archives the one version that was in the stage writes its row with the
// others; one that archives several makes a cut. So it is one transaction of
// the document and two rows at most, however many versions it archives, and
// nobody ever sees a part of it. Who reads a version asks the document, see
// [Model.stageOf].

// stageCount is the number of stages.
const stageCount = 4

// stages are in the order in which MLflow lists them.
func stages() [stageCount]mlflow.ModelStage {
	return [stageCount]mlflow.ModelStage{mlflow.StageNone, mlflow.StageStaging, mlflow.StageProduction, mlflow.StageArchived}
}

const stageArchived = 3 // its place among the stages

func stageIndex(st mlflow.ModelStage) int {
	all := stages()
	return slices.Index(all[:], st)
}

// canonicalStage returns the place of a stage, written in any case.
// Source: MLflow 3.17, entities/model_registry/model_version_stages.py.
func canonicalStage(name string) (int, error) {
	for i, st := range stages() {
		if validate.IsWordInAnyCase(name, string(st)) {
			return i, nil
		}
	}
	return 0, failure.Invalidf("Invalid Model Version stage: %s. Value must be one of None, Staging, Production, Archived.", name)
}

// stageInfo is what a model's document knows of one stage.
type stageInfo struct {
	latest int        // the highest version in it; 0: there is none
	count  int        // of versions in it
	cuts   []stageCut // oldest first
	copied *Version   // the latest version, if it is small
}

// stageCut archived all versions that were put into a stage before a revision.
type stageCut struct{ rev, at int64 } // at is in ms

// maxCuts is how many cuts of a stage are kept. What an older one archived
// seems to have been archived by the oldest that is left.
const maxCuts = 16

// cutAt returns the stage with one more cut, and nothing in it.
func (i *stageInfo) cutAt(c stageCut) stageInfo {
	cuts := append(slices.Clone(i.cuts), c)
	return stageInfo{cuts: cuts[max(0, len(cuts)-maxCuts):]}
}

// latestBudget is the size up to which a model's document has a copy of the
// latest version of a stage.
const latestBudget = 1 << 10

// set makes v the latest version of a stage.
func (i *stageInfo) set(v *Version) {
	i.latest, i.copied = v.version, nil
	if !v.frozen && len(packVersion(v)) <= latestBudget {
		i.copied = v
	}
}

// String is how the document holds a stage: latest, count, and of each cut the
// revision and the time.
func (i *stageInfo) String() string {
	b := strconv.AppendInt(nil, int64(i.latest), 10)
	b = strconv.AppendInt(append(b, ' '), int64(i.count), 10)
	for _, c := range i.cuts {
		b = strconv.AppendInt(append(b, ' '), c.rev, 10)
		b = strconv.AppendInt(append(b, ' '), c.at, 10)
	}
	return string(b)
}

// parseStage is the inverse of String; what is missing is 0.
func parseStage(s string) stageInfo {
	var n []int64
	for field := range strings.FieldsSeq(s) {
		x, _ := strconv.ParseInt(field, 10, 64)
		n = append(n, x)
	}
	if len(n) < 2 {
		return stageInfo{}
	}
	info := stageInfo{latest: int(n[0]), count: int(n[1])}
	for n = n[2:]; len(n) >= 2; n = n[2:] {
		info.cuts = append(info.cuts, stageCut{n[0], n[1]})
	}
	return info
}

// stageAttrs appends what a document knows of its stages.
func (m *Model) stageAttrs(attrs []table.Attr) []table.Attr {
	var d packed.Dict
	for i, st := range stages() {
		info := &m.stages[i]
		if info.count > 0 || len(info.cuts) > 0 {
			d = d.Set(string(st), info.String())
		}
		if info.copied != nil {
			attrs = append(attrs, table.Attr{Name: keys.LatestAttr + string(st), Value: table.Bytes(packVersion(info.copied))})
		}
	}
	if len(d) > 0 {
		attrs = append(attrs, table.Attr{Name: keys.Stages, Value: table.Map(d)})
	}
	return attrs
}

// readStages is the inverse of stageAttrs.
func (m *Model) readStages(it table.Item) error {
	v, _ := it.Get(keys.Stages)
	d := packed.Dict(v.Strings())
	for i, st := range stages() {
		text, _ := d.Get(string(st))
		m.stages[i] = parseStage(text)
		if packed, ok := it.Get(keys.LatestAttr + string(st)); ok {
			copied, err := parseVersion(packed.Str())
			if err != nil {
				return err
			}
			m.stages[i].copied = copied
		}
	}
	return nil
}

// stageOf returns the stage that a version is in, and when that or the version
// was last changed, in ms.
func (m *Model) stageOf(v *Version) (stage int, updated int64) {
	stage, updated = v.stage, max(v.updated, m.renamed)
	for _, c := range m.stages[stage].cuts {
		if v.staged < c.rev {
			return stageArchived, max(updated, c.at)
		}
	}
	return stage, updated
}
