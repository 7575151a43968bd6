package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/mlflow-dynamodbstore/mlflow-dynamodbstore/internal/table/ddblocal"
)

var update = flag.Bool("update", false, "write what commands print into the scripts and docs/cli.md")

func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"mlflow-dynamodbstore": main})
}

// tests runs the tests with a DynamoDB Local, and fails them if a goroutine
// is left over.
type tests struct{ m *testing.M }

func (t tests) Run() int {
	if os.Getenv(ddblocal.EndpointEnv) == "" {
		server, err := ddblocal.Start(context.Background(), os.Stderr)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer server.Stop() //nolint:errcheck // it is killed with this process
		if err := os.Setenv(ddblocal.EndpointEnv, server.Endpoint); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	ignore := goleak.IgnoreCurrent()
	code := t.m.Run()
	if code != 0 {
		return code
	}
	if err := goleak.Find(ignore); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// TestScripts runs command lines. Each script has a DynamoDB Local at
// $ENDPOINT and the name of an absent table of its own, $TABLE.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			endpoint := ddblocal.Endpoint(t)
			e.Setenv("ENDPOINT", endpoint)
			e.Setenv("TABLE", ddblocal.Name(t))
			e.Setenv("URI", "dynamodb://"+endpoint+"/"+e.Getenv("TABLE"))
			e.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fails":       fails,
			"litter":      func(ts *testscript.TestScript, _ bool, args []string) { litter(t, ts, args) },
			"other-table": func(ts *testscript.TestScript, _ bool, args []string) { otherTable(t, ts, args) },
		},
	})
}

// fails runs the program and wants the exit code that comes first, one line
// on standard error and nothing on standard output.
func fails(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec("mlflow-dynamodbstore", args[1:]...)
	exit, ok := err.(*exec.ExitError) //nolint:errorlint // it comes bare
	if !ok {
		ts.Fatalf("it ended with %v", err)
	}
	if exit.ExitCode() != want {
		ts.Fatalf("exit code %d, not %d", exit.ExitCode(), want)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("standard output: %s", out)
	}
	if out := ts.ReadFile("stderr"); !oneLine.MatchString(out) {
		ts.Fatalf("standard error is not one line: %s", out)
	}
}

// otherTable makes a table with another key schema.
func otherTable(t *testing.T, ts *testscript.TestScript, args []string) {
	_, err := ddblocal.Client(t).CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &args[0], BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	ts.Check(err)
}

// oneLine is an error as text, or as JSON.
var oneLine = regexp.MustCompile(`^(mlflow-dynamodbstore: [^\n]+|\{"error":"[^\n]+\})\n$`)
