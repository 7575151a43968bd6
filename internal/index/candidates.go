package index

import (
	"context"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/workspace"
)

// PlaceStream is a set of places in the run list, in order.
type PlaceStream interface {
	// next returns the first place that is not before at; "" at the end. at
	// never goes back.
	Next(ctx context.Context, at string) (string, error)
}

// placeList is a set of places that is known.
type placeList []string

func (l *placeList) Next(_ context.Context, at string) (string, error) {
	i, _ := slices.BinarySearch(*l, at)
	*l = (*l)[i:]
	if len(*l) == 0 {
		return "", nil
	}
	return (*l)[0], nil
}

// rangeStream reads the places of a range of one value, which are in order.
type rangeStream struct {
	q      table.Query
	prefix string // of the sort keys
	rows   []string
	ended  bool
	p      *Prober
}

func (p *Prober) newRangeStream(q table.Query, value string) *rangeStream {
	q.Limit = p.V.Limits.Probe
	return &rangeStream{q: q, prefix: value + "#", p: p}
}

func (r *rangeStream) Next(ctx context.Context, at string) (string, error) {
	for {
		i, _ := slices.BinarySearch(r.rows, at)
		if r.rows = r.rows[i:]; len(r.rows) > 0 {
			return r.rows[0], nil
		}
		if r.ended {
			return "", nil
		}
		if from := r.prefix + at; from > r.q.From && from > r.q.After {
			r.q.From, r.q.After = from, ""
		}
		if err := r.fill(ctx); err != nil {
			return "", err
		}
	}
}

// fill reads the next rows, ever more at a time.
func (r *rangeStream) fill(ctx context.Context) error {
	page, err := r.p.V.Table.Query(ctx, r.q)
	if err != nil {
		return err
	}
	r.p.Stats.IndexRows += len(page.Items)
	for _, it := range page.Items {
		r.rows = append(r.rows, strings.TrimPrefix(it.Key.SK, r.prefix))
	}
	r.q.After, r.ended = page.Next, page.Next == ""
	r.q.Limit = min(2*r.q.Limit, 16*r.p.V.Limits.Probe)
	return nil
}

// merged is the intersection of streams.
type merged []PlaceStream

func (m merged) Next(ctx context.Context, at string) (string, error) {
	for agree := 0; agree < len(m); {
		for _, stream := range m {
			place, err := stream.Next(ctx, at)
			if err != nil || place == "" {
				return "", err
			}
			if place != at {
				at, agree = place, 0
			}
			agree++
			if agree == len(m) {
				break
			}
		}
	}
	return at, nil
}

// union is the union of streams.
type union []PlaceStream

func (u union) Next(ctx context.Context, at string) (string, error) {
	first := ""
	for _, stream := range u {
		place, err := stream.Next(ctx, at)
		if err != nil {
			return "", err
		}
		if place != "" && (first == "" || place < first) {
			first = place
		}
	}
	return first, nil
}

// Prober reads index rows of one kind of entities.
type Prober struct {
	V     *workspace.View
	Stats *explain.Explanation
	PK    func(r Range) string // the partition of a range
}

// Candidates are what the sources of a plan come to.
type Candidates struct {
	Stream PlaceStream // in the order of runs; nil: no source is worth it
	Few    bool        // all of them are known
	Places []string    // those, if few
}

// Collect probes the sources behind a place and chooses: if one has few
// candidates, those that are in all such sources; otherwise the intersection
// of the rarest ranges that are in the order of runs, if there are any.
func (p *Prober) Collect(ctx context.Context, sources []Source, behind string) (Candidates, error) {
	var known []placeList
	var streams []probedRange
	for _, src := range sources {
		lists, more, err := p.probe(ctx, src, behind)
		if err != nil {
			return Candidates{}, err
		}
		known, streams = append(known, lists...), append(streams, more...)
		if p.enough(known) {
			break
		}
	}
	if len(known) > 0 {
		places := intersection(known)
		list := placeList(places)
		return Candidates{Stream: &list, Few: true, Places: places}, nil
	}
	if len(streams) == 0 {
		return Candidates{}, nil
	}
	// The further a probe got in the list, the rarer its rows.
	slices.SortStableFunc(streams, func(a, b probedRange) int { return strings.Compare(b.reached, a.reached) })
	var m merged
	for _, probed := range streams[:min(len(streams), p.V.Limits.Merged)] {
		m = append(m, probed.stream)
	}
	return Candidates{Stream: m}, nil
}

// FewByTrigrams returns the ids of all that can match the sources of a plan, by
// their trigrams, unless there are many. parse reads the id of a place.
func FewByTrigrams(
	ctx context.Context, v *workspace.View, stats *explain.Explanation, sources []Source,
	parse func(place string) (created int64, id string, err error),
) (ids []string, few bool, err error) {
	p := &Prober{V: v, Stats: stats, PK: func(r Range) string { return v.Keys.TrigramPK(r.Name) }}
	c, err := p.Collect(ctx, sources, keys.First)
	if err != nil || !c.Few {
		return nil, false, err
	}
	stats.Say("few candidates from indexes")
	ids = make([]string, len(c.Places))
	for i, place := range c.Places {
		if _, ids[i], err = parse(place); err != nil {
			return nil, false, err
		}
	}
	return ids, true, nil
}

// probedRange is a range with more rows than a probe reads.
type probedRange struct {
	stream  PlaceStream
	reached string // the last place that was read
}

// probe reads the beginning of a source's ranges. It returns the places of
// what is small, and streams of what is not but is in order.
func (p *Prober) probe(ctx context.Context, src Source, behind string) ([]placeList, []probedRange, error) {
	var known []placeList
	var streams []probedRange
	for _, r := range spread(src, p.V.Limits.Probes) {
		list, probed, err := p.probeRange(ctx, r, behind)
		switch {
		case err != nil:
			return nil, nil, err
		case list != nil:
			if known = append(known, list); p.enough(known) {
				return known, nil, nil
			}
		case probed != nil:
			streams = append(streams, *probed)
		}
	}
	return known, streams, nil
}

// enough reports whether the last list is so short that another probe costs
// more than it can save.
func (p *Prober) enough(known []placeList) bool {
	return len(known) > 0 && len(known[len(known)-1]) <= p.V.Limits.Enough
}

// spread returns at most n of the ranges.
func spread(ranges []Range, n int) []Range {
	if len(ranges) <= n {
		return ranges
	}
	out := make([]Range, n)
	for i := range out {
		out[i] = ranges[i*len(ranges)/n]
	}
	return out
}

// probeRange returns the places of a range behind a place if they are few;
// otherwise, for a range of one value, a stream of them.
func (p *Prober) probeRange(ctx context.Context, r Range, behind string) (placeList, *probedRange, error) {
	if r.Union != nil {
		return p.probeUnion(ctx, r.Union, behind)
	}
	q := table.Query{PK: p.PK(r), From: r.From, To: r.To}
	if r.Value != "" {
		stream := p.newRangeStream(q, r.Value)
		if _, err := stream.Next(ctx, behind); err != nil {
			return nil, nil, err
		}
		if stream.ended {
			return append(placeList{}, stream.rows...), nil, nil
		}
		return nil, &probedRange{stream, stream.rows[len(stream.rows)-1]}, nil
	}
	list := placeList{}
	for q.Limit = p.V.Limits.Probe; ; q.Limit = p.V.Limits.Collected {
		page, err := p.V.Table.Query(ctx, q)
		if err != nil {
			return nil, nil, err
		}
		p.Stats.IndexRows += len(page.Items)
		for _, it := range page.Items {
			_, place, err := keys.ParseIndexSK(it.Key.SK)
			if err != nil {
				return nil, nil, err
			}
			if place >= behind {
				list = append(list, place)
			}
		}
		if q.After = page.Next; page.Next == "" {
			slices.Sort(list)
			return slices.Compact(list), nil, nil
		}
		if q.Limit == p.V.Limits.Collected {
			return nil, nil, nil
		}
	}
}

// probeUnion is probeRange for several ranges of one value each. It reached as
// far as the probe of that of them which has the most rows.
func (p *Prober) probeUnion(ctx context.Context, ranges []Range, behind string) (placeList, *probedRange, error) {
	known := placeList{}
	var streams union
	reached := ""
	for _, r := range ranges {
		list, probed, err := p.probeRange(ctx, r, behind)
		switch {
		case err != nil:
			return nil, nil, err
		case probed == nil:
			known = append(known, list...)
		default:
			if streams = append(streams, probed.stream); reached == "" || probed.reached < reached {
				reached = probed.reached
			}
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	if len(streams) == 0 {
		return known, nil, nil
	}
	return nil, &probedRange{append(streams, &known), reached}, nil
}

// intersection returns the places that are in all lists, in order.
func intersection(lists []placeList) []string {
	slices.SortFunc(lists, func(a, b placeList) int { return len(a) - len(b) })
	return slices.DeleteFunc(slices.Clone(lists[0]), func(place string) bool {
		return slices.ContainsFunc(lists[1:], func(l placeList) bool {
			_, ok := slices.BinarySearch(l, place)
			return !ok
		})
	})
}
