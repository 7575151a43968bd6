package run

import (
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/experiment"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/packed"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/point"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/mlflow"
)

// A Packed is a whole run as bytes: the content of a covering row, and the
// form in which search looks at runs, open ones included. Looking up a key
// walks the bytes and allocates nothing; a page of results is unpacked only
// for the runs on it.
//
//	byte    format, 1; 2 with outputs
//	string  experiment id, name, user, status, mark
//	varint  start, generation of the mark
//	byte    1 if there is an end, then varint end
//	5 x     section, of format 2 6 x: uvarint bytes, then entries
//	        metrics: string key, 24 bytes of register
//	        params, tags, inputs: string key, string value
//	        models, outputs: string key, string value
//
// Strings are a uvarint length and bytes. Sections are sorted by key. The
// bytes are stored in tables: the format must not change under its number.
type Packed struct {
	ID string
	packedInfo
	sections [packedSections]string
	dicts    *[packedSections]packed.Dict // instead of sections, for a run read from its own items
}

type packedInfo struct {
	Exp, name, user string
	status          mlflow.RunStatus
	mark            string
	Start, markGen  int64
	end             int64
	hasEnd          bool
}

const (
	packedFormat  = 1
	packedOutputs = 2 // the format of a run that has outputs

	sectionMetrics = iota - 2
	sectionParams
	sectionTags
	// SectionInputs has the entries of EntryInput.
	SectionInputs
	// SectionModels has the entries of EntryModel.
	SectionModels
	sectionOutputs
	packedSections
)

// packRun packs a head, whole with its overflow, and its registers, sorted
// by key.
func packRun(h *Head, registers packed.Dict) string {
	b := make([]byte, 0, 256+h.Size()+registers.Size())
	kinds := []EntryKind{EntryParam, EntryTag, EntryInput, EntryModel}
	format := byte(packedFormat)
	if len(h.Entries[EntryOutput]) > 0 {
		kinds, format = append(kinds, EntryOutput), packedOutputs
	}
	b = append(b, format)
	for _, s := range []string{h.Exp, h.Name, h.User, string(h.Status), h.Mark} {
		b = packed.AppendString(b, s)
	}
	b = binary.AppendVarint(b, h.Start)
	b = binary.AppendVarint(b, h.MarkGen)
	if h.End != nil {
		b = binary.AppendVarint(append(b, 1), *h.End)
	} else {
		b = append(b, 0)
	}
	b = packed.AppendSection(b, registers, true)
	for _, k := range kinds {
		b = packed.AppendSection(b, h.Entries[k], false)
	}
	return string(b)
}

// ParsePacked reads a packed run; its strings share the memory of s.
func ParsePacked(id, s string) (*Packed, error) {
	r := packed.Reader{S: s}
	sections := packedSections
	switch r.Byte() {
	case packedFormat:
		sections = sectionOutputs
	case packedOutputs:
	default:
		return nil, packed.ErrPacked
	}
	p := &Packed{ID: id}
	p.Exp, p.name, p.user = r.Str(), r.Str(), r.Str()
	p.status, p.mark = mlflow.RunStatus(r.Str()), r.Str()
	p.Start, p.markGen = r.Varint(), r.Varint()
	if p.hasEnd = r.Byte() == 1; p.hasEnd {
		p.end = r.Varint()
	}
	for i := range sections {
		p.sections[i] = r.Str()
	}
	if r.Bad || r.S != "" {
		return nil, packed.ErrPacked
	}
	return p, nil
}

// Size is about how many bytes the run takes.
func (p *Packed) Size() int {
	n := 0
	for _, s := range p.sections {
		n += len(s)
	}
	if p.dicts != nil {
		for _, d := range p.dicts {
			n += d.Size() + len(d)*16 // the headers of its strings
		}
	}
	return n
}

// readEntry reads the next entry of a section.
func readEntry(r *packed.Reader, section int) (key, value string) {
	key = r.Str()
	if section == sectionMetrics {
		return key, r.Take(point.RegisterSize)
	}
	return key, r.Str()
}

// lookup finds a key of a section.
func (p *Packed) lookup(section int, key string) (string, bool) {
	if p.dicts != nil {
		return p.dicts[section].Get(key)
	}
	r := packed.Reader{S: p.sections[section]}
	for r.S != "" {
		k, v := readEntry(&r, section)
		switch strings.Compare(k, key) {
		case 0:
			return v, !r.Bad
		case 1:
			return "", false
		}
	}
	return "", false
}

// Dict unpacks a section.
func (p *Packed) Dict(section int) packed.Dict {
	if p.dicts != nil {
		return p.dicts[section]
	}
	r := packed.Reader{S: p.sections[section]}
	var d packed.Dict
	for r.S != "" {
		k, v := readEntry(&r, section)
		d = append(d, k, v)
	}
	return d
}

// metrics unpacks the latest metrics.
func (p *Packed) metrics() []mlflow.Metric {
	d := p.Dict(sectionMetrics)
	if len(d) == 0 {
		return nil
	}
	out := make([]mlflow.Metric, 0, d.Len())
	for i := 0; i < len(d); i += 2 {
		if m, ok := point.RegisterMetric(d[i], d[i+1]); ok {
			out = append(out, m)
		}
	}
	return out
}

// Stage is the run's lifecycle in an experiment of that state.
func (p *Packed) Stage(e *experiment.State) mlflow.LifecycleStage {
	return stageOf(p.mark, p.markGen, e)
}

// outputs unpacks the models that the run made.
func (p *Packed) outputs() []mlflow.ModelOutput {
	var out []mlflow.ModelOutput
	for d := p.Dict(sectionOutputs); len(d) > 0; d = d[2:] {
		step, _ := strconv.ParseInt(d[1], 10, 64) // as LogOutputs wrote it
		out = append(out, mlflow.ModelOutput{ModelID: d[0], Step: step})
	}
	return out
}

// Run unpacks everything but the datasets.
func (p *Packed) Run(e *experiment.State) *mlflow.Run {
	r := &mlflow.Run{
		Info: mlflow.RunInfo{
			RunID: p.ID, ExperimentID: p.Exp, Name: p.name, UserID: p.user, Status: p.status,
			StartTime: p.Start, ArtifactURI: experiment.RunArtifactURI(e.Artifact, p.ID), LifecycleStage: p.Stage(e),
		},
		Metrics: p.metrics(),
		Params:  p.Dict(sectionParams).Params(),
		Tags:    p.Dict(sectionTags).Tags(),
		Outputs: p.outputs(),
	}
	if p.hasEnd {
		end := p.end
		r.Info.EndTime = &end
	}
	return r
}
