package dynamodbstore

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"
)

// A packedRun is a whole run as bytes: the content of a covering row, and the
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
type packedRun struct {
	id string
	packedInfo
	sections [packedSections]string
	dicts    *[packedSections]dict // instead of sections, for a run read from its own items
}

type packedInfo struct {
	exp, name, user string
	status          RunStatus
	mark            string
	start, markGen  int64
	end             int64
	hasEnd          bool
}

const (
	packedFormat  = 1
	packedOutputs = 2 // the format of a run that has outputs

	sectionMetrics = iota - 2
	sectionParams
	sectionTags
	sectionInputs
	sectionModels
	sectionOutputs
	packedSections
)

var errPacked = errors.New("packed run is malformed")

// packRun packs a head, whole with its overflow, and its registers, sorted
// by key.
func packRun(h *runHead, registers dict) string {
	b := make([]byte, 0, 256+h.size()+registers.size())
	kinds := []entryKind{entryParam, entryTag, entryInput, entryModel}
	format := byte(packedFormat)
	if len(h.entries[entryOutput]) > 0 {
		kinds, format = append(kinds, entryOutput), packedOutputs
	}
	b = append(b, format)
	for _, s := range []string{h.exp, h.name, h.user, string(h.status), h.mark} {
		b = appendString(b, s)
	}
	b = binary.AppendVarint(b, h.start)
	b = binary.AppendVarint(b, h.markGen)
	if h.end != nil {
		b = binary.AppendVarint(append(b, 1), *h.end)
	} else {
		b = append(b, 0)
	}
	b = appendSection(b, registers, true)
	for _, k := range kinds {
		b = appendSection(b, h.entries[k], false)
	}
	return string(b)
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendSection(b []byte, d dict, fixed bool) []byte {
	n := 0
	for i := 0; i < len(d); i += 2 {
		n += uvarintLen(len(d[i])) + len(d[i]) + len(d[i+1])
		if !fixed {
			n += uvarintLen(len(d[i+1]))
		}
	}
	b = binary.AppendUvarint(b, uint64(n))
	for i := 0; i < len(d); i += 2 {
		b = appendString(b, d[i])
		if fixed {
			b = append(b, d[i+1]...)
		} else {
			b = appendString(b, d[i+1])
		}
	}
	return b
}

func uvarintLen(n int) int {
	l := 1
	for ; n >= 0x80; n >>= 7 {
		l++
	}
	return l
}

// reader takes a packed form apart; after a failure it only returns zeroes.
type reader struct {
	s   string
	bad bool
}

func (r *reader) fail() { r.s, r.bad = "", true }

func (r *reader) byte() byte {
	if r.s == "" {
		r.fail()
		return 0
	}
	c := r.s[0]
	r.s = r.s[1:]
	return c
}

func (r *reader) uvarint() uint64 {
	var x uint64
	for shift := 0; shift < 64; shift += 7 {
		c := r.byte()
		if c < 0x80 {
			return x | uint64(c)<<shift
		}
		x |= uint64(c&0x7f) << shift
	}
	r.fail()
	return 0
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *reader) take(n uint64) string {
	if n > uint64(len(r.s)) {
		r.fail()
		return ""
	}
	s := r.s[:n]
	r.s = r.s[n:]
	return s
}

func (r *reader) str() string { return r.take(r.uvarint()) }

// parsePacked reads a packed run; its strings share the memory of s.
func parsePacked(id, s string) (*packedRun, error) {
	r := reader{s: s}
	sections := packedSections
	switch r.byte() {
	case packedFormat:
		sections = sectionOutputs
	case packedOutputs:
	default:
		return nil, errPacked
	}
	p := &packedRun{id: id}
	p.exp, p.name, p.user = r.str(), r.str(), r.str()
	p.status, p.mark = RunStatus(r.str()), r.str()
	p.start, p.markGen = r.varint(), r.varint()
	if p.hasEnd = r.byte() == 1; p.hasEnd {
		p.end = r.varint()
	}
	for i := range sections {
		p.sections[i] = r.str()
	}
	if r.bad || r.s != "" {
		return nil, errPacked
	}
	return p, nil
}

// size is about how many bytes the run takes.
func (p *packedRun) size() int {
	n := 0
	for _, s := range p.sections {
		n += len(s)
	}
	if p.dicts != nil {
		for _, d := range p.dicts {
			n += d.size() + len(d)*16 // the headers of its strings
		}
	}
	return n
}

// readEntry reads the next entry of a section.
func readEntry(r *reader, section int) (key, value string) {
	key = r.str()
	if section == sectionMetrics {
		return key, r.take(registerSize)
	}
	return key, r.str()
}

// lookup finds a key of a section.
func (p *packedRun) lookup(section int, key string) (string, bool) {
	if p.dicts != nil {
		return p.dicts[section].get(key)
	}
	r := reader{s: p.sections[section]}
	for r.s != "" {
		k, v := readEntry(&r, section)
		switch strings.Compare(k, key) {
		case 0:
			return v, !r.bad
		case 1:
			return "", false
		}
	}
	return "", false
}

// dict unpacks a section.
func (p *packedRun) dict(section int) dict {
	if p.dicts != nil {
		return p.dicts[section]
	}
	r := reader{s: p.sections[section]}
	var d dict
	for r.s != "" {
		k, v := readEntry(&r, section)
		d = append(d, k, v)
	}
	return d
}

// metrics unpacks the latest metrics.
func (p *packedRun) metrics() []Metric {
	d := p.dict(sectionMetrics)
	if len(d) == 0 {
		return nil
	}
	out := make([]Metric, 0, d.len())
	for i := 0; i < len(d); i += 2 {
		if m, ok := registerMetric(d[i], d[i+1]); ok {
			out = append(out, m)
		}
	}
	return out
}

// stage is the run's lifecycle in an experiment of that state.
func (p *packedRun) stage(e *expState) LifecycleStage { return stageOf(p.mark, p.markGen, e) }

// outputs unpacks the models that the run made.
func (p *packedRun) outputs() []ModelOutput {
	var out []ModelOutput
	for d := p.dict(sectionOutputs); len(d) > 0; d = d[2:] {
		step, _ := strconv.ParseInt(d[1], 10, 64) // as LogOutputs wrote it
		out = append(out, ModelOutput{ModelID: d[0], Step: step})
	}
	return out
}

// run unpacks everything but the datasets.
func (p *packedRun) run(e *expState) *Run {
	r := &Run{
		Info: RunInfo{
			RunID: p.id, ExperimentID: p.exp, Name: p.name, UserID: p.user, Status: p.status,
			StartTime: p.start, ArtifactURI: runArtifactURI(e.artifact, p.id), LifecycleStage: p.stage(e),
		},
		Metrics: p.metrics(),
		Params:  p.dict(sectionParams).params(),
		Tags:    p.dict(sectionTags).tags(),
		Outputs: p.outputs(),
	}
	if p.hasEnd {
		end := p.end
		r.Info.EndTime = &end
	}
	return r
}
