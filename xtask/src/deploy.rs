//! Who deploys to which platform, and what each of them is told.

use std::path::Path;

use anyhow::{Result, bail};

use crate::build::{NextStep, Target, cloudflare, lambda, server, vercel, words};
use crate::project::Function;
use crate::settings::{LambdaAuth, LambdaHttp};
use crate::ui;

/// A vendor's command line tool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Cli {
    /// AWS' SAM: the function and all that triggers it, as one stack
    Sam,
    /// cargo-lambda: the function alone
    CargoLambda,
    /// AWS' CLI: the code alone, of a function that is there
    Aws,
    /// Cloudflare's
    #[value(skip)]
    Wrangler,
    /// Vercel's
    #[value(skip)]
    Vercel,
    /// A container image, without a daemon
    Podman,
    /// A container image
    Docker,
}

/// How a tool is asked whether somebody is logged in.
#[derive(Debug)]
pub(crate) struct Login {
    /// The command, which changes nothing.
    pub(crate) question: Vec<String>,
    /// What it writes where nobody is, though it ends well.
    pub(crate) refused: Option<&'static str>,
    /// How to log in.
    pub(crate) advice: &'static str,
}

impl Cli {
    /// The tools for a target, the one that does most first.
    fn of(target: Target) -> &'static [Self] {
        match target {
            Target::Lambda => &[Self::Sam, Self::CargoLambda, Self::Aws],
            Target::Cloudflare => &[Self::Wrangler],
            Target::Vercel => &[Self::Vercel],
            Target::Server => &[Self::Podman, Self::Docker],
        }
    }

    /// What a person calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sam => "sam",
            Self::CargoLambda => "cargo lambda",
            Self::Aws => "aws",
            Self::Wrangler => "wrangler",
            Self::Vercel => "vercel",
            Self::Podman => "podman",
            Self::Docker => "docker",
        }
    }

    /// The program that must be there.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::CargoLambda => "cargo-lambda",
            Self::Wrangler | Self::Vercel => "npx",
            other => other.name(),
        }
    }

    /// How to get the program.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Sam => {
                "install the SAM CLI (`pip install aws-sam-cli`, or `brew install aws-sam-cli`); `cargo lambda` and \
                 `aws`, which deploy the function alone, are not here either"
            }
            Self::CargoLambda => "install it with `pip install cargo-lambda`, or `brew install cargo-lambda`",
            Self::Aws => "install AWS' CLI (`brew install awscli`, or your distribution's package `awscli`)",
            Self::Wrangler | Self::Vercel => "install Node.js 22 or newer, which brings it",
            Self::Podman => "install podman, or docker, which is not here either",
            Self::Docker => "install docker, or podman, which needs no daemon",
        }
    }

    /// How it is asked for its login; `None` where it needs none.
    pub(crate) fn login(self) -> Option<Login> {
        Some(match self {
            Self::Sam | Self::CargoLambda | Self::Aws => Login {
                question: words(["aws", "sts", "get-caller-identity"]),
                refused: None,
                advice: "`aws configure` or `aws sso login`, or AWS_PROFILE, give it credentials",
            },
            Self::Wrangler => Login {
                question: words(["npx", "wrangler", "whoami"]),
                refused: Some("not authenticated"),
                advice: "`npx wrangler login` opens a browser; in CI, CLOUDFLARE_API_TOKEN",
            },
            Self::Vercel => Login {
                question: words(["npx", "vercel", "whoami"]),
                refused: None,
                advice: "`npx vercel login`; in CI, `-- --token` and VERCEL_ORG_ID, VERCEL_PROJECT_ID",
            },
            Self::Podman | Self::Docker => return None,
        })
    }

    /// What is most often wrong where it is no login.
    pub(crate) fn trouble(self) -> &'static str {
        match self {
            Self::Docker => "where it finds no daemon: start it, or say --with podman",
            _ => "run the command by itself, as it stands above, once that is mended",
        }
    }
}

/// The tool for `target`: `wanted`, or the first that is `installed`, or where none is, the best one.
pub(crate) fn choose(target: Target, wanted: Option<Cli>, installed: impl Fn(&str) -> bool) -> Result<Cli> {
    let all = Cli::of(target);
    let names = || all.iter().map(|cli| cli.name()).collect::<Vec<_>>().join(", ");
    match wanted {
        Some(wanted) if all.contains(&wanted) => Ok(wanted),
        Some(wanted) => bail!("{} does not deploy to {}: that is done with {}", wanted.name(), target.name(), names()),
        None => Ok(all.iter().copied().find(|cli| installed(cli.program())).unwrap_or(all[0])),
    }
}

/// What `cli` is told.
pub(crate) fn next_step(cli: Cli, target: Target, function: &Function, dir: &Path) -> NextStep {
    let mut next = match target {
        Target::Lambda => lambda::next_step(function, dir),
        Target::Cloudflare => cloudflare::next_step(dir),
        Target::Vercel => vercel::next_step(dir),
        Target::Server => server::next_step(function, dir),
    };
    match cli {
        Cli::CargoLambda => {
            next.with = "AWS Lambda, with cargo-lambda and your AWS credentials";
            next.command = cargo_lambda(function, dir);
            next.note = Some("the function alone: what triggers it besides HTTP is wired by `sam`, from template.yaml");
        }
        Cli::Aws => {
            next.with = "AWS Lambda, with AWS' CLI and your AWS credentials";
            let zip = format!("fileb://{}", ui::path(&dir.join("bootstrap.zip")));
            next.command = words([
                "aws",
                "lambda",
                "update-function-code",
                "--function-name",
                &function.package,
                "--zip-file",
                &zip,
            ]);
            next.note =
                Some("the code alone, of a function that is there: `sam` makes one, and wires what triggers it");
        }
        Cli::Docker => "docker".clone_into(&mut next.command[0]),
        Cli::Sam | Cli::Wrangler | Cli::Vercel | Cli::Podman => {}
    }
    next
}

fn cargo_lambda(function: &Function, dir: &Path) -> Vec<String> {
    let settings = &function.settings;
    let mut command = words(["cargo", "lambda", "deploy", "--binary-path", &ui::path(&dir.join("bootstrap"))]);
    let mut say = |option: &str, value: String| command.extend([option.to_owned(), value]);
    say("--memory", settings.memory.unwrap_or(lambda::MEMORY).to_string());
    say("--timeout", settings.timeout.unwrap_or(lambda::TIMEOUT).to_string());
    for (name, value) in &settings.env {
        say("--env-var", format!("{name}={value}"));
    }
    if (settings.lambda.http, settings.lambda.auth) == (LambdaHttp::FunctionUrl, LambdaAuth::None) {
        command.push("--enable-function-url".to_owned());
    }
    command.push(function.package.clone());
    command
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Cli, choose, next_step};
    use crate::build::Target;
    use crate::project::Function;
    use crate::settings::Settings;
    use crate::ui;

    fn line(cli: Cli, target: Target) -> String {
        let settings = Settings { env: [("A".to_owned(), "b c".to_owned())].into(), ..Settings::default() };
        let (package, bin, facade) = ("hello".to_owned(), "hello".to_owned(), "anyfn".to_owned());
        let function = Function { package, description: None, bin, facade, settings };
        ui::command(&next_step(cli, target, &function, Path::new("/d")).command)
    }

    #[test]
    fn the_first_tool_that_is_there_deploys() {
        let with = |there: &'static [&str]| move |program: &str| there.contains(&program);
        for (target, there, expected) in [
            (Target::Lambda, &["sam", "aws", "cargo-lambda"][..], Cli::Sam),
            (Target::Lambda, &["aws", "cargo-lambda"], Cli::CargoLambda),
            (Target::Lambda, &["aws"], Cli::Aws),
            (Target::Lambda, &[], Cli::Sam),
            (Target::Server, &["docker"], Cli::Docker),
            (Target::Server, &["docker", "podman"], Cli::Podman),
            (Target::Vercel, &["npx"], Cli::Vercel),
        ] {
            assert_eq!(choose(target, None, with(there)).unwrap(), expected, "{target:?} {there:?}");
        }
        assert_eq!(choose(Target::Lambda, Some(Cli::Aws), with(&["sam"])).unwrap(), Cli::Aws);
        let error = choose(Target::Cloudflare, Some(Cli::Sam), with(&["sam"])).unwrap_err().to_string();
        assert_eq!(error, "sam does not deploy to cloudflare: that is done with wrangler");
    }

    #[test]
    fn each_tool_is_told_in_its_own_words() {
        for (cli, target, expected) in [
            (
                Cli::Sam,
                Target::Lambda,
                "sam deploy --template-file /d/template.yaml --stack-name hello --resolve-s3 --capabilities CAPABILITY_IAM",
            ),
            (
                Cli::CargoLambda,
                Target::Lambda,
                "cargo lambda deploy --binary-path /d/bootstrap --memory 256 --timeout 10 --env-var 'A=b c' \
                 --enable-function-url hello",
            ),
            (
                Cli::Aws,
                Target::Lambda,
                "aws lambda update-function-code --function-name hello --zip-file fileb:///d/bootstrap.zip",
            ),
            (Cli::Wrangler, Target::Cloudflare, "npx wrangler deploy --config /d/wrangler.jsonc"),
            (Cli::Vercel, Target::Vercel, "npx vercel deploy --prebuilt --cwd /d"),
            (Cli::Docker, Target::Server, "docker build --tag hello --file /d/Containerfile /d"),
        ] {
            assert_eq!(line(cli, target), expected);
        }
    }
}
