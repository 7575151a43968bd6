package artifactdir

import (
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	dynamodbstore "github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

// open returns a bucket over a directory that is not there yet.
func open(t *testing.T) (*blob.Bucket, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "below", "artifacts")
	b := Open(dir)
	t.Cleanup(func() { require.NoError(t, b.Close()) })
	return b, dir
}

func put(t *testing.T, b *blob.Bucket, keys ...string) {
	t.Helper()
	for _, key := range keys {
		require.NoError(t, b.WriteAll(t.Context(), key, []byte("in "+key), nil), key)
	}
}

// list returns the keys of a listing and how large each object is, by pages of
// a size.
func list(t *testing.T, b *blob.Bucket, opts blob.ListOptions, pageSize int) []string {
	t.Helper()
	keys := []string{}
	for token := blob.FirstPageToken; token != nil; {
		objects, next, err := b.ListPage(t.Context(), token, pageSize, &opts)
		require.NoError(t, err)
		for _, o := range objects {
			keys = append(keys, o.Key+" "+strconv.FormatInt(o.Size, 10))
			require.Equal(t, strings.HasSuffix(o.Key, "/"), o.IsDir, o.Key)
		}
		token = next
	}
	return keys
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	b, dir := open(t)
	require.Empty(t, list(t, b, blob.ListOptions{}, 10))
	_, err := b.ReadAll(t.Context(), "a")
	require.Equal(t, gcerrors.NotFound, gcerrors.Code(err))
	for _, key := range []string{
		"a", "d/e/f.attrs", ".attrs", "__0x41__", "up../x", strings.Repeat("n", 255), "-r", " ", "d/ both ", "a\\b", "ü%20", "x.tmp",
	} {
		put(t, b, key, key)
		data, err := b.ReadAll(t.Context(), key)
		require.NoError(t, err, key)
		require.Equal(t, "in "+key, string(data))
		data, err = os.ReadFile(filepath.Join(dir, filepath.FromSlash(key)))
		require.NoError(t, err, "the file has the name that was given")
		require.Equal(t, "in "+key, string(data))
		require.NoError(t, b.Delete(t.Context(), key))
		require.Equal(t, gcerrors.NotFound, gcerrors.Code(b.Delete(t.Context(), key)))
	}
	require.Empty(t, list(t, b, blob.ListOptions{}, 10))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries, "directories go with their last file")
}

func TestParts(t *testing.T) {
	t.Parallel()
	b, _ := open(t)
	put(t, b, "d/f")
	for _, c := range []struct {
		offset, length int64
		want           string
	}{{0, -1, "in d/f"}, {3, -1, "d/f"}, {1, 2, "n "}, {0, 0, ""}, {4, 100, "/f"}} {
		r, err := b.NewRangeReader(t.Context(), "d/f", c.offset, c.length, nil)
		require.NoError(t, err)
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, c.want, string(data))
		require.Equal(t, int64(6), r.Size())
		attrs, err := b.Attributes(t.Context(), "d/f")
		require.NoError(t, err)
		require.Equal(t, r.ModTime(), attrs.ModTime)
		require.Equal(t, int64(6), attrs.Size)
		require.NoError(t, r.Close())
	}
	_, err := b.Attributes(t.Context(), "d")
	require.Equal(t, gcerrors.NotFound, gcerrors.Code(err), "a directory is no artifact")
}

func TestList(t *testing.T) {
	t.Parallel()
	b, dir := open(t)
	put(t, b, "a/b/1", "a/b/2", "a-b", "a.b/c", "a0", "z", "a/c")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "empty", "below"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, reserved+"x"), nil, 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "cut"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cut", reserved+"y"), nil, 0o600))
	for _, c := range []struct {
		name string
		opts blob.ListOptions
		want []string
	}{
		{"all", blob.ListOptions{}, []string{"a-b 6", "a.b/c 8", "a/b/1 8", "a/b/2 8", "a/c 6", "a0 5", "z 4"}},
		{"the root", blob.ListOptions{Delimiter: "/"}, []string{"a-b 6", "a.b/ 0", "a/ 0", "a0 5", "z 4"}},
		{"a directory", blob.ListOptions{Prefix: "a/", Delimiter: "/"}, []string{"a/b/ 0", "a/c 6"}},
		{"all below", blob.ListOptions{Prefix: "a/"}, []string{"a/b/1 8", "a/b/2 8", "a/c 6"}},
		{"a beginning", blob.ListOptions{Prefix: "a/b/2"}, []string{"a/b/2 8"}},
		{"a beginning of names", blob.ListOptions{Prefix: "a", Delimiter: "/"}, []string{"a-b 6", "a.b/ 0", "a/ 0", "a0 5"}},
		{"a file", blob.ListOptions{Prefix: "z/"}, []string{}},
		{"nothing", blob.ListOptions{Prefix: "none/"}, []string{}},
		{"above", blob.ListOptions{Prefix: "../"}, []string{}},
		{"a long name", blob.ListOptions{Prefix: strings.Repeat("x", 300) + "/"}, []string{}},
		{"what is cut off", blob.ListOptions{Prefix: "cut/"}, []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{1, 2, 3, 100} {
				require.Equal(t, c.want, list(t, b, c.opts, size), "pages of %d", size)
			}
		})
	}
}

// TestUnseen: a file that is being written is in no list, cannot be read, and is
// gone when its writer gives up.
func TestUnseen(t *testing.T) {
	t.Parallel()
	b, dir := open(t)
	ctx, giveUp := context.WithCancel(t.Context())
	w, err := b.NewWriter(ctx, "d/f", nil)
	require.NoError(t, err)
	_, err = w.Write(make([]byte, 1<<20))
	require.NoError(t, err)
	var names []string
	require.NoError(t, filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		names = append(names, e.Name())
		return err
	}))
	require.Len(t, names, 3, "the root, the directory and the file")
	require.True(t, strings.HasPrefix(names[2], reserved), names[2])
	require.Empty(t, list(t, b, blob.ListOptions{}, 10))
	for _, key := range []string{"d/f", "d/" + names[2]} {
		_, err = b.Attributes(t.Context(), key)
		require.Equal(t, gcerrors.NotFound, gcerrors.Code(err))
		require.Equal(t, gcerrors.NotFound, gcerrors.Code(b.Delete(t.Context(), key)))
	}
	giveUp()
	require.ErrorIs(t, w.Close(), context.Canceled)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)

	err = b.WriteAll(t.Context(), "d/"+reserved+"mine", nil, nil)
	requireRefused(t, err, "Invalid artifact file name: '.artifact.uploading.mine'. "+
		"Artifact names starting with '.artifact.uploading.' are reserved.")
}

func requireRefused(t *testing.T, err error, text string) {
	t.Helper()
	var refused *dynamodbstore.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, dynamodbstore.CodeInvalidParameterValue, refused.Code)
	require.Equal(t, text, refused.Message)
}

// TestLinks: links within the directory are followed, and none out of it.
func TestLinks(t *testing.T) {
	t.Parallel()
	b, dir := open(t)
	put(t, b, "d/f")
	outside := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o600))
	up, err := filepath.Rel(dir, outside)
	require.NoError(t, err)
	for name, target := range map[string]string{
		"inside": "d", "same": "d/f", "out": up, "far": outside, "file": filepath.Join(outside, "secret"), "loop": "loop", "nowhere": "none",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(dir, name)))
	}
	data, err := b.ReadAll(t.Context(), "inside/f")
	require.NoError(t, err)
	require.Equal(t, "in d/f", string(data))
	require.Equal(t, []string{"d/ 0", "inside/ 0", "same 6"}, slices.Sorted(slices.Values(list(t, b, blob.ListOptions{Delimiter: "/"}, 100))))
	const text = "Invalid path: resolved path is outside the artifact directory"
	for _, key := range []string{"out/secret", "far/secret", "file"} {
		_, err = b.ReadAll(t.Context(), key)
		requireRefused(t, err, text)
	}
	for _, key := range []string{"out/new", "far/new", "far/new/new"} {
		requireRefused(t, b.WriteAll(t.Context(), key, nil, nil), text)
	}
	for _, key := range []string{"out/secret", "far/secret"} {
		requireRefused(t, b.Delete(t.Context(), key), text)
	}
	_, _, err = b.ListPage(t.Context(), blob.FirstPageToken, 1, &blob.ListOptions{Prefix: "out/"})
	requireRefused(t, err, text)
	_, err = b.ReadAll(t.Context(), "loop")
	require.Equal(t, gcerrors.InvalidArgument, gcerrors.Code(err))
	put(t, b, "file") // in the place of the link
	require.NoError(t, b.Delete(t.Context(), "inside"))
	entries, err := os.ReadDir(outside)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	data, err = os.ReadFile(filepath.Join(outside, "secret"))
	require.NoError(t, err)
	require.Equal(t, "secret", string(data))
}

// TestWritersAndDeleters: directories that go with their last file are in no
// writer's way.
func TestWritersAndDeleters(t *testing.T) {
	t.Parallel()
	b, _ := open(t)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			key := "a/b/c/" + strconv.Itoa(i%4)
			for range 100 {
				if err := b.WriteAll(t.Context(), key, []byte(key), nil); err != nil {
					t.Errorf("write: %v", err)
				}
				if err := b.Delete(t.Context(), key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
					t.Errorf("delete: %v", err)
				}
			}
		})
	}
	all.Wait()
	require.Empty(t, list(t, b, blob.ListOptions{}, 10))
}
