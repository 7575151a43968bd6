// Command scale measures what searches and histories cost as experiments grow:
// it loads experiments of 1,000 to 100,000 finished runs and one run of ten
// million points through the Store's own methods, measures each kind of call,
// and exits with status 1 and a list if a figure is missed that the store
// promises. It writes its report as Markdown.
//
//	go run ./bench/scale -out docs/benchmarks-scale.md
//
// With DYNAMODB_LOCAL_ENDPOINT set it measures DynamoDB Local as well, where it
// leaves its table, and uses one that is there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	missed, err := run(ctx, os.Args[1:], os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(2)
	}
	for _, m := range missed {
		fmt.Fprintln(os.Stderr, "missed:", m)
	}
	if len(missed) > 0 {
		os.Exit(1)
	}
}

// benchmark is what the command line asks for.
type benchmark struct {
	runs, dynamoRuns string
	wide             bool
	dir, out         string
	profile          string
	only             *regexp.Regexp
	each             time.Duration
	stderr           io.Writer
}

func parse(args []string, stderr io.Writer) (*benchmark, error) {
	b := &benchmark{stderr: stderr}
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&b.runs, "runs", "1000,10000,100000", "sizes of experiments on the embedded table")
	flags.StringVar(&b.dynamoRuns, "dynamodb-runs", "10000", "sizes on DynamoDB Local, if "+endpointEnv+" names one")
	flags.BoolVar(&b.wide, "wide", true, "measure the history of one large run too")
	flags.StringVar(&b.dir, "dir", "", "keep embedded tables in this directory, and use those that are there")
	flags.StringVar(&b.out, "out", "", "write the report to this file; the default is standard output")
	flags.StringVar(&b.profile, "cpuprofile", "", "write a CPU profile of the measured calls to this file")
	only := flags.String("only", "", "measure what matches this regular expression")
	flags.DurationVar(&b.each, "each", 2*time.Second, "how long each kind of call is repeated")
	if err := flags.Parse(args); err != nil {
		return nil, fmt.Errorf("parse flags: %w", err)
	}
	var err error
	if b.only, err = regexp.Compile(*only); err != nil {
		return nil, fmt.Errorf("-only: %w", err)
	}
	return b, nil
}

// run returns the figures that are missed.
func run(ctx context.Context, args []string, stderr io.Writer) (list []string, err error) {
	b, err := parse(args, stderr)
	if err != nil {
		return nil, err
	}
	if b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "scale"); err != nil {
			return nil, fmt.Errorf("make a directory: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	}
	tables, err := b.tables()
	if err != nil {
		return nil, err
	}
	var results []*tableResult
	for _, t := range tables {
		fmt.Fprintln(stderr, t.title())
		r, err := b.measureTable(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.title(), err)
		}
		results = append(results, r)
	}
	if err := b.write(results); err != nil {
		return nil, err
	}
	return missed(results), nil
}

// tables returns the tables to measure, the small ones first.
func (b *benchmark) tables() ([]tableSpec, error) {
	var out []tableSpec
	add := func(backend, sizes string) error {
		for _, text := range strings.FieldsFunc(sizes, func(r rune) bool { return r == ',' }) {
			n, err := strconv.Atoi(text)
			if err != nil || n < 2*hits {
				return fmt.Errorf("size %q is not a number of at least %d", text, 2*hits)
			}
			out = append(out, tableSpec{backend, n})
		}
		return nil
	}
	if err := add(embedded, b.runs); err != nil {
		return nil, err
	}
	if b.wide {
		out = append(out, tableSpec{embedded, wide})
	}
	if os.Getenv(endpointEnv) == "" {
		return out, nil
	}
	return out, add(dynamoDBLocal, b.dynamoRuns)
}

// measureTable loads a table unless it is there, and measures its workloads.
func (b *benchmark) measureTable(ctx context.Context, t tableSpec) (r *tableResult, err error) {
	s, exp, took, err := b.fill(ctx, t)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	fmt.Fprintln(b.stderr, "  loaded:", took)
	cases, err := t.cases(ctx, s, exp)
	if err != nil {
		return nil, err
	}
	calmDown(ctx)
	stop, err := b.startProfile()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	r = &tableResult{tableSpec: t, loading: took, before: memoryInUse()}
	for _, w := range cases {
		if !b.only.MatchString(w.label()) {
			continue
		}
		m, err := measure(ctx, w, b.each)
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(b.stderr, m.line())
		r.measured = append(r.measured, m)
	}
	r.disk, r.after = dirSize(b.place(t)), memoryInUse()
	return r, nil
}

// startProfile begins the CPU profile that is asked for, and returns what ends
// it. Each table's takes the place of the one before.
func (b *benchmark) startProfile() (stop func() error, err error) {
	if b.profile == "" {
		return func() error { return nil }, nil
	}
	f, err := os.Create(filepath.Clean(b.profile))
	if err != nil {
		return nil, err
	}
	return func() error { pprof.StopCPUProfile(); return f.Close() }, pprof.StartCPUProfile(f)
}

// later is by how much the clock is put forward after loading, so that no run
// has settled lately.
const later = time.Hour

// frozen is a clock that stands still: settings that are read again now and
// then would count.
func frozen() dynamodbstore.Option {
	now := time.Now().Add(later)
	return dynamodbstore.WithClock(func() time.Time { return now })
}
