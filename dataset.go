package dynamodbstore

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/keys"
	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table"
)

const (
	// inlineBody is the size up to which a dataset's body is in its item.
	inlineBody = 300 << 10
	// chunkBytes is the size of one chunk of a longer body.
	chunkBytes = 350 << 10
	// cachedBodies is how many datasets are held, each at most cachedBodyBytes.
	cachedBodies    = 512
	cachedBodyBytes = 64 << 10
	// maxBodyBytes bounds what a stored body may unpack to.
	maxBodyBytes = 512 << 20
)

// datasetRef is a run's reference to a dataset of its experiment.
type datasetRef struct {
	name, digest string
	tags         dict
}

// encode returns the entry of a run for r: a key that identifies the dataset,
// and a JSON array of name, digest, and tag keys and values.
func (r datasetRef) encode() (key, value string) {
	list := append([]string{r.name, r.digest}, r.tags...)
	b, err := json.Marshal(list)
	if err != nil { // strings always marshal
		b = []byte("[]")
	}
	return keys.Hash(r.name, r.digest), string(b)
}

func parseDatasetRef(value string) (datasetRef, error) {
	var list []string
	if err := json.Unmarshal([]byte(value), &list); err != nil || len(list) < 2 || len(list)%2 != 0 {
		return datasetRef{}, errorf(CodeInternalError, "malformed dataset reference")
	}
	return datasetRef{name: list[0], digest: list[1], tags: list[2:]}, nil
}

func parseDatasetRefs(d dict) ([]datasetRef, error) {
	if len(d) == 0 {
		return nil, nil
	}
	refs := make([]datasetRef, 0, d.len())
	for i := 0; i < len(d); i += 2 {
		r, err := parseDatasetRef(d[i+1])
		if err != nil {
			return nil, err
		}
		refs = append(refs, r)
	}
	return refs, nil
}

// LogInputs attaches datasets and models to an active run, by the known state of
// its experiment, see [Store]. A dataset that the
// experiment has under the same name and digest stays as it is, and so do the
// tags of one that the run has.
//
// Not atomic: each dataset is put if absent first, then the references are
// one write of the head, in one transaction with what SearchDatasets lists,
// but for more than 9 datasets or a run with much data, of which that is put
// afterwards. 2 requests for each dataset and 2 for the head; 1
// RCU for either, 1 WCU for each KB of a compressed dataset and of the head.
// With datasets that the process has not seen used in their context the head
// costs twice as much, and each of them 2 WCU; those of a run with much data
// are read again, in 1 request.
func (s *Store) LogInputs(ctx context.Context, p LogInputsParams) error {
	if err := validateRunID(p.RunID); err != nil {
		return err
	}
	if err := validateDatasetInputs(p.Datasets); err != nil {
		return err
	}
	return failure(s.inState(ctx, p.RunID, func(e *expState) error { return s.logInputs(ctx, p, e) }))
}

func (s *Store) logInputs(ctx context.Context, p LogInputsParams, e *expState) error {
	if err := s.checkRunActive(ctx, p.RunID, e); err != nil {
		return err
	}
	var inputs []Tag
	seen := map[string]bool{}
	for _, in := range p.Datasets {
		if err := s.putDataset(ctx, e.id, in.Dataset); err != nil {
			return err
		}
		key, value := datasetRef{in.Dataset.Name, in.Dataset.Digest, dictOf(in.Tags)}.encode()
		if !seen[key] {
			seen[key] = true
			inputs = append(inputs, Tag{key, value})
		}
	}
	models := make([]Tag, len(p.Models))
	for i, m := range p.Models {
		models[i].Key = m
	}
	added := [entryKinds]dict{entryInput: dictOf(inputs), entryModel: dictOf(models)}
	uses := &datasetUses{s: s, exp: e.id, inputs: p.Datasets}
	if _, err := s.addEntries(ctx, p.RunID, e, &added, uses.add); err != nil {
		return err
	}
	return uses.finish(ctx, p.RunID)
}

// addEntries adds entries that stay as they are once they are there, if the
// head allows it, and returns those that stand in items of their own.
func (s *Store) addEntries(ctx context.Context, run string, e *expState, added *[entryKinds]dict,
	check func(h *runHead) error,
) (spilled []overflow, err error) {
	_, err = s.changeHead(ctx, run, func(h *runHead) (bool, error) {
		spilled = nil
		if err := h.checkActive(e); err != nil {
			return false, err
		}
		if err := check(h); err != nil {
			return false, err
		}
		frozen, changed := h.frozen, false
		for k, d := range added {
			kind := entryKind(k)
			fresh := without(d, h.entries[kind])
			out := h.setEntries(kind, fresh)
			spilled = append(spilled, puts(kind, out)...)
			changed = changed || len(out) < len(fresh)
		}
		changed = changed || h.frozen != frozen
		if changed {
			h.touch()
		}
		return changed, nil
	})
	if err != nil {
		return nil, err
	}
	return spilled, s.writeOverflow(ctx, run, e, spilled)
}

// without returns the entries of d whose keys o does not have.
func without(d, o dict) dict {
	var out dict
	for i := 0; i < len(d); i += 2 {
		if _, ok := o.get(d[i]); !ok {
			out = append(out, d[i], d[i+1])
		}
	}
	return out
}

// putDataset keeps a dataset of an experiment unless it has one of the same
// name and digest. A body of several chunks is addressed by its content, so
// that two writers of different bodies do not mix; the item that names it is
// written last, if absent.
func (s *Store) putDataset(ctx context.Context, exp string, d Dataset) error {
	key := s.ks.Dataset(exp, d.Name, d.Digest)
	if _, ok := s.bodies.Get(key.PK + key.SK); ok {
		return nil
	}
	_, found, err := s.t.Get(ctx, key, table.Strong)
	if err != nil || found {
		return err
	}
	body, err := packBody(d)
	if err != nil {
		return err
	}
	attrs := []table.Attr{
		{Name: keys.Version, Value: table.Number(schemaVersion)},
		{Name: keys.Name, Value: table.String(d.Name)},
		{Name: keys.Key, Value: table.String(d.Digest)},
	}
	if len(body) <= inlineBody {
		attrs = append(attrs, table.Attr{Name: keys.Body, Value: table.Bytes(body)})
	} else {
		content := keys.Hash(body)
		n, err := s.putChunks(ctx, exp, d, content, body)
		if err != nil {
			return err
		}
		attrs = append(attrs,
			table.Attr{Name: keys.Content, Value: table.String(content)},
			table.Attr{Name: keys.Chunks, Value: table.Number(int64(n))})
	}
	err = s.t.Put(ctx, table.Put{Item: table.NewItem(key, attrs...), Cond: table.Absent()})
	if _, isLost := asConditionError(err); isLost {
		return nil // somebody was first
	}
	return err
}

func (s *Store) putChunks(ctx context.Context, exp string, d Dataset, content, body string) (int, error) {
	var items []table.Item
	for n := 0; len(body) > 0; n++ {
		part := body[:min(len(body), chunkBytes)]
		body = body[len(part):]
		items = append(items, table.NewItem(s.ks.DatasetChunk(exp, d.Name, d.Digest, content, n),
			table.Attr{Name: keys.Version, Value: table.Number(schemaVersion)},
			table.Attr{Name: keys.Body, Value: table.Bytes(part)}))
	}
	return len(items), s.t.BatchWrite(ctx, items, nil)
}

// packBody compresses what describes a dataset beside its name and digest.
func packBody(d Dataset) (string, error) {
	raw, err := json.Marshal([]string{d.SourceType, d.Source, d.Schema, d.Profile})
	if err != nil {
		return "", fmt.Errorf("encode dataset: %w", err)
	}
	enc, err := zstdWriter()
	if err != nil {
		return "", err
	}
	return string(enc.EncodeAll(raw, nil)), nil
}

func unpackBody(d *Dataset, body string) error {
	dec, err := zstdReader()
	if err != nil {
		return err
	}
	raw, err := dec.DecodeAll([]byte(body), nil)
	if err != nil {
		return fmt.Errorf("dataset %q: %w", d.Name, err)
	}
	var list [4]string
	if err := json.Unmarshal(raw, &list); err != nil {
		return fmt.Errorf("dataset %q: %w", d.Name, err)
	}
	d.SourceType, d.Source, d.Schema, d.Profile = list[0], list[1], list[2], list[3]
	return nil
}

// Coders are made at first use: few processes meet a dataset.
//
//nolint:gochecknoglobals // immutable once made; EncodeAll and DecodeAll are safe for concurrent use
var (
	zstdWriter = sync.OnceValues(func() (*zstd.Encoder, error) {
		return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	})
	zstdReader = sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBodyBytes))
	})
)

// dataset reads a dataset that a run refers to.
func (s *Store) dataset(ctx context.Context, exp string, ref datasetRef) (Dataset, error) {
	d := Dataset{Name: ref.name, Digest: ref.digest}
	key := s.ks.Dataset(exp, ref.name, ref.digest)
	if known, ok := s.bodies.Get(key.PK + key.SK); ok {
		return known, nil
	}
	it, found, err := s.t.Get(ctx, key, table.Strong)
	if err != nil || !found {
		return d, err
	}
	body := it.Str(keys.Body)
	if n := int(it.Num(keys.Chunks)); n > 0 {
		if body, err = s.readChunks(ctx, exp, ref, it.Str(keys.Content)); err != nil {
			return d, err
		}
	}
	if err := unpackBody(&d, body); err != nil {
		return d, err
	}
	if len(d.Source)+len(d.Schema)+len(d.Profile) <= cachedBodyBytes {
		s.bodies.Add(key.PK+key.SK, d)
	}
	return d, nil
}

func (s *Store) readChunks(ctx context.Context, exp string, ref datasetRef, content string) (string, error) {
	first := s.ks.DatasetChunk(exp, ref.name, ref.digest, content, 0)
	last := s.ks.DatasetChunk(exp, ref.name, ref.digest, content, 1<<30)
	var body []byte
	for it, err := range table.Items(ctx, s.t, table.Query{PK: first.PK, From: first.SK, To: last.SK}) {
		if err != nil {
			return "", err
		}
		body = append(body, it.Str(keys.Body)...)
	}
	return string(body), nil
}
