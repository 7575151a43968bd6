package dynamodbstore

import (
	"context"
	"slices"
	"strings"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/explain"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

// placeStream is a set of places in the run list, in order.
type placeStream interface {
	// next returns the first place that is not before at; "" at the end. at
	// never goes back.
	next(ctx context.Context, at string) (string, error)
}

// placeList is a set of places that is known.
type placeList []string

func (l *placeList) next(_ context.Context, at string) (string, error) {
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
	p      *prober
}

func (p *prober) newRangeStream(q table.Query, value string) *rangeStream {
	q.Limit = p.v.limits.probe
	return &rangeStream{q: q, prefix: value + "#", p: p}
}

func (r *rangeStream) next(ctx context.Context, at string) (string, error) {
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
	page, err := r.p.v.t.Query(ctx, r.q)
	if err != nil {
		return err
	}
	r.p.stats.IndexRows += len(page.Items)
	for _, it := range page.Items {
		r.rows = append(r.rows, strings.TrimPrefix(it.Key.SK, r.prefix))
	}
	r.q.After, r.ended = page.Next, page.Next == ""
	r.q.Limit = min(2*r.q.Limit, 16*r.p.v.limits.probe)
	return nil
}

// merged is the intersection of streams.
type merged []placeStream

func (m merged) next(ctx context.Context, at string) (string, error) {
	for agree := 0; agree < len(m); {
		for _, stream := range m {
			place, err := stream.next(ctx, at)
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
type union []placeStream

func (u union) next(ctx context.Context, at string) (string, error) {
	first := ""
	for _, stream := range u {
		place, err := stream.next(ctx, at)
		if err != nil {
			return "", err
		}
		if place != "" && (first == "" || place < first) {
			first = place
		}
	}
	return first, nil
}

// prober reads index rows of one kind of entities.
type prober struct {
	v     *view
	stats *explain.Explanation
	pk    func(r indexRange) string // the partition of a range
}

// runProber reads the index rows of an experiment's runs.
func (rs *runSearch) runProber(exp string) *prober {
	return &prober{rs.s.view, rs.stats, func(r indexRange) string { return rs.s.ks.IndexPK(exp, r.kind, r.name) }}
}

// candidates are what the sources of a plan come to.
type candidates struct {
	stream placeStream // in the order of runs; nil: no source is worth it
	few    bool        // all of them are known
	places []string    // those, if few
}

// collect probes the sources behind a place and chooses: if one has few
// candidates, those that are in all such sources; otherwise the intersection
// of the rarest ranges that are in the order of runs, if there are any.
func (p *prober) collect(ctx context.Context, sources []indexSource, behind string) (candidates, error) {
	var known []placeList
	var streams []probedRange
	for _, src := range sources {
		lists, more, err := p.probe(ctx, src, behind)
		if err != nil {
			return candidates{}, err
		}
		known, streams = append(known, lists...), append(streams, more...)
		if p.enough(known) {
			break
		}
	}
	if len(known) > 0 {
		places := intersection(known)
		list := placeList(places)
		return candidates{stream: &list, few: true, places: places}, nil
	}
	if len(streams) == 0 {
		return candidates{}, nil
	}
	// The further a probe got in the list, the rarer its rows.
	slices.SortStableFunc(streams, func(a, b probedRange) int { return strings.Compare(b.reached, a.reached) })
	var m merged
	for _, probed := range streams[:min(len(streams), p.v.limits.merged)] {
		m = append(m, probed.stream)
	}
	return candidates{stream: m}, nil
}

// probedRange is a range with more rows than a probe reads.
type probedRange struct {
	stream  placeStream
	reached string // the last place that was read
}

// probe reads the beginning of a source's ranges. It returns the places of
// what is small, and streams of what is not but is in order.
func (p *prober) probe(ctx context.Context, src indexSource, behind string) ([]placeList, []probedRange, error) {
	var known []placeList
	var streams []probedRange
	for _, r := range spread(src, p.v.limits.probes) {
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
func (p *prober) enough(known []placeList) bool {
	return len(known) > 0 && len(known[len(known)-1]) <= p.v.limits.enough
}

// spread returns at most n of the ranges.
func spread(ranges []indexRange, n int) []indexRange {
	if len(ranges) <= n {
		return ranges
	}
	out := make([]indexRange, n)
	for i := range out {
		out[i] = ranges[i*len(ranges)/n]
	}
	return out
}

// probeRange returns the places of a range behind a place if they are few;
// otherwise, for a range of one value, a stream of them.
func (p *prober) probeRange(ctx context.Context, r indexRange, behind string) (placeList, *probedRange, error) {
	if r.union != nil {
		return p.probeUnion(ctx, r.union, behind)
	}
	q := table.Query{PK: p.pk(r), From: r.from, To: r.to}
	if r.value != "" {
		stream := p.newRangeStream(q, r.value)
		if _, err := stream.next(ctx, behind); err != nil {
			return nil, nil, err
		}
		if stream.ended {
			return append(placeList{}, stream.rows...), nil, nil
		}
		return nil, &probedRange{stream, stream.rows[len(stream.rows)-1]}, nil
	}
	list := placeList{}
	for q.Limit = p.v.limits.probe; ; q.Limit = p.v.limits.collected {
		page, err := p.v.t.Query(ctx, q)
		if err != nil {
			return nil, nil, err
		}
		p.stats.IndexRows += len(page.Items)
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
		if q.Limit == p.v.limits.collected {
			return nil, nil, nil
		}
	}
}

// probeUnion is probeRange for several ranges of one value each. It reached as
// far as the probe of that of them which has the most rows.
func (p *prober) probeUnion(ctx context.Context, ranges []indexRange, behind string) (placeList, *probedRange, error) {
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
