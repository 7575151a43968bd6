package dynamodbstore

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// Stages of versions.
//
// A version's row says into which stage the version was put, and in which
// revision of its model. The model's document has for each stage the highest
// version in it, how many there are, and a cut: all versions that were put into
// the stage in an earlier revision are archived. So a transition that archives
// what was in the stage before is one write of the document and one row,
// however many versions it archives, and nobody ever sees a part of it. Who
// reads a version asks the document, see [modelDoc.stageOf].

// stageCount is the number of stages.
const stageCount = 4

// stages are in the order in which MLflow lists them.
func stages() [stageCount]ModelStage {
	return [stageCount]ModelStage{StageNone, StageStaging, StageProduction, StageArchived}
}

const stageArchived = 3 // its place among the stages

func stageIndex(st ModelStage) int {
	all := stages()
	return slices.Index(all[:], st)
}

// canonicalStage returns the place of a stage, written in any case.
// Source: MLflow 3.17, entities/model_registry/model_version_stages.py.
func canonicalStage(name string) (int, error) {
	for i, st := range stages() {
		if strings.EqualFold(name, string(st)) {
			return i, nil
		}
	}
	return 0, invalidf("Invalid Model Version stage: %s. Value must be one of None, Staging, Production, Archived.", name)
}

// stageInfo is what a model's document knows of one stage.
type stageInfo struct {
	latest  int         // the highest version in it; 0: there is none
	count   int         // of versions in it
	cut     int64       // versions put into it before this revision are archived
	cutTime int64       // when that was, ms
	copied  *versionDoc // the latest version, if it is small
}

// latestBudget is the size up to which a model's document has a copy of the
// latest version of a stage.
const latestBudget = 1 << 10

// set makes v the latest version of a stage.
func (i *stageInfo) set(v *versionDoc) {
	i.latest, i.copied = v.version, nil
	if !v.frozen && len(packVersion(v)) <= latestBudget {
		i.copied = v
	}
}

// String is how the document holds a stage: latest, count, cut and its time.
func (i *stageInfo) String() string {
	b := strconv.AppendInt(nil, int64(i.latest), 10)
	for _, n := range []int64{int64(i.count), i.cut, i.cutTime} {
		b = strconv.AppendInt(append(b, ' '), n, 10)
	}
	return string(b)
}

// parseStage is the inverse of String; what is missing is 0.
func parseStage(s string) stageInfo {
	var n [4]int64
	for i, field := range strings.Fields(s)[:min(len(strings.Fields(s)), len(n))] {
		n[i], _ = strconv.ParseInt(field, 10, 64)
	}
	return stageInfo{latest: int(n[0]), count: int(n[1]), cut: n[2], cutTime: n[3]}
}

// stageAttrs appends what a document knows of its stages.
func (m *modelDoc) stageAttrs(attrs []table.Attr) []table.Attr {
	var d dict
	for i, st := range stages() {
		info := m.stages[i]
		copied := info.copied
		if info.copied = nil; info != (stageInfo{}) {
			d = d.set(string(st), info.String())
		}
		if copied != nil {
			attrs = append(attrs, table.Attr{Name: keys.LatestAttr + string(st), Value: table.Bytes(packVersion(copied))})
		}
	}
	if len(d) > 0 {
		attrs = append(attrs, table.Attr{Name: keys.Stages, Value: table.Map(d)})
	}
	return attrs
}

// readStages is the inverse of stageAttrs.
func (m *modelDoc) readStages(it table.Item) error {
	v, _ := it.Get(keys.Stages)
	d := dict(v.Strings())
	for i, st := range stages() {
		text, _ := d.get(string(st))
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
func (m *modelDoc) stageOf(v *versionDoc) (stage int, updated int64) {
	stage, updated = v.stage, max(v.updated, m.renamed)
	if info := &m.stages[stage]; v.staged < info.cut {
		return stageArchived, max(updated, info.cutTime)
	}
	return stage, updated
}
