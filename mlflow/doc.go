// Package mlflow has what MLflow talks about: experiments, runs, metrics, logged
// models, registered models and their versions, the parameters of calls, and the
// errors that clients understand. It knows no table: a program that only passes
// entities on imports this package, and the root package has the same types under
// the same names.
//
// Texts, codes and limits are those of MLflow; [Error] carries them.
package mlflow
