//! `dist/server/<package>`: the executable, a `Containerfile`, and a `service.yaml` for Knative.

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::native::Executable;
use super::wiring::{self, Wiring};
use super::{NextStep, Target, fresh_dir, install, report, sizes, words, write};
use crate::project::Function;
use crate::ui;

/// What a server build wrote.
#[derive(Debug, Clone)]
pub struct Artefact {
    /// The folder of all below.
    pub dir: PathBuf,
    /// The executable, named as the function's binary.
    pub executable: PathBuf,
    /// The recipe of a container image.
    pub containerfile: PathBuf,
    /// The image as a service of a cluster with Knative, and what brings events to it.
    pub service: PathBuf,
}

pub(crate) fn pack(function: &Function, executable: &Executable, dir: &Path) -> Result<Artefact> {
    let service = wiring::server::service_yaml(function, &Wiring::new(function, &executable.manifest.triggers))?;
    fresh_dir(dir)?;
    let artefact = Artefact {
        service: write(dir.join("service.yaml"), service)?,
        executable: install(&executable.path, dir.join(&function.bin))?,
        containerfile: write(dir.join("Containerfile"), containerfile(function, executable.is_static))?,
        dir: dir.to_path_buf(),
    };
    report(Target::Server, dir, &sizes(executable)?);
    Ok(artefact)
}

/// How to deploy what [`pack`] wrote.
pub(crate) fn next_step(function: &Function, dir: &Path) -> NextStep {
    NextStep {
        with: "a container, with podman or docker",
        command: words([
            "podman",
            "build",
            "--tag",
            &function.package,
            "--file",
            &ui::path(&dir.join("Containerfile")),
            &ui::path(dir),
        ]),
        note: Some(
            "the image serves on port 8080, in a cluster with Knative by `kubectl apply -f service.yaml`; without a container, \
             start the executable: HOST and PORT say where",
        ),
    }
}

fn containerfile(function: &Function, is_static: bool) -> String {
    let bin = &function.bin;
    // An image with no shell for a static binary; one with glibc, not older than what the vendors have, for the rest.
    let base = if is_static {
        "FROM scratch\n"
    } else {
        "FROM debian:trixie-slim\n\
         RUN apt-get update \\\n \
         && apt-get install --yes --no-install-recommends ca-certificates \\\n \
         && rm -rf /var/lib/apt/lists/*\n"
    };
    let mut env = String::from("ENV HOST=0.0.0.0\nENV PORT=8080\n");
    for (name, value) in &function.settings.env {
        // The format substitutes `$NAME` inside quotes, and JSON's escapes of quotes and backslashes are its own.
        let value = serde_json::Value::from(value.as_str()).to_string().replace('$', "\\$");
        env.push_str(&format!("ENV {name}={value}\n"));
    }
    format!(
        "{base}COPY --chmod=0755 {bin} /usr/local/bin/{bin}\n{env}EXPOSE 8080\nUSER 65534:65534\nSTOPSIGNAL SIGTERM\n\
         ENTRYPOINT [\"/usr/local/bin/{bin}\"]\n"
    )
}
