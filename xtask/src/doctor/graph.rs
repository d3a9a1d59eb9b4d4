//! What a package depends on for one target, as `cargo tree` resolves it: metadata would mix in the features of every other
//! package of the workspace.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::project::{Function, Project};

/// A package in the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) features: BTreeSet<String>,
}

impl Node {
    /// Whether one of these features is on; those that are.
    pub(super) fn on(&self, features: &[&str]) -> Vec<String> {
        features
            .iter()
            .filter(|feature| self.features.contains(**feature))
            .map(|feature| (*feature).to_owned())
            .collect()
    }

    /// The first two numbers of its version.
    pub(super) fn line(&self) -> (u32, u32) {
        let mut parts = self.version.split('.').map(|part| part.parse().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }
}

/// The packages, the function's own first, and who brings whom.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    children: Vec<Vec<usize>>,
}

impl Graph {
    /// What `function` depends on when it runs on `triple`.
    pub(super) fn of(project: &Project, function: &Function, triple: &str) -> Result<Self> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let output = crate::build::cargo::without_own_variables(&mut cargo)
            .args(["tree", "--package", &function.package, "--target", triple, "--edges", "normal,no-proc-macro"])
            .args(["--prefix", "depth", "--format", "{p}|{f}", "--color", "never"])
            .current_dir(&project.root)
            .stdin(Stdio::null())
            .output()
            .context("`cargo` does not start: install Rust, with its cargo on the PATH")?;
        let said = String::from_utf8_lossy(&output.stderr);
        if !output.status.success() {
            bail!("cargo cannot tell what `{}` depends on: {}", function.package, said.trim());
        }
        Self::parse(&String::from_utf8_lossy(&output.stdout)).context("`cargo tree` wrote what is not understood here")
    }

    /// Reads lines such as `2tokio v1.54.1|net,rt (*)`: how deep it is, the package, its features.
    fn parse(tree: &str) -> Result<Self> {
        let (mut graph, mut known, mut above) = (Self::default(), HashMap::new(), Vec::<usize>::new());
        for line in tree.lines().filter(|line| !line.trim().is_empty()) {
            let digits = line.find(|c: char| !c.is_ascii_digit()).unwrap_or(0);
            let depth: usize = line[..digits].parse().with_context(|| format!("no depth in `{line}`"))?;
            let (package, features) =
                line[digits..].split_once('|').with_context(|| format!("no features in `{line}`"))?;
            let node = *known.entry(package.to_owned()).or_insert_with(|| {
                let mut words = package.split(' ');
                let word = |word: Option<&str>| word.unwrap_or_default().to_owned();
                let features = features.trim_end_matches("(*)").trim().split(',').filter(|name| !name.is_empty());
                graph.nodes.push(Node {
                    name: word(words.next()),
                    version: word(words.next()).trim_start_matches('v').to_owned(),
                    features: features.map(str::to_owned).collect(),
                });
                graph.children.push(Vec::new());
                graph.nodes.len() - 1
            });
            above.truncate(depth);
            if let Some(parent) = above.last()
                && !graph.children[*parent].contains(&node)
            {
                graph.children[*parent].push(node);
            }
            above.push(node);
        }
        Ok(graph)
    }

    /// The shortest way from the function to each package, for each of the function's own dependencies that leads there.
    pub(super) fn paths(&self, to: usize) -> Vec<Vec<usize>> {
        let Some(direct) = self.children.first() else { return Vec::new() };
        direct.iter().filter_map(|first| self.path(*first, to)).collect()
    }

    fn path(&self, from: usize, to: usize) -> Option<Vec<usize>> {
        let mut before: HashMap<usize, usize> = HashMap::new();
        let mut queue = VecDeque::from([from]);
        while let Some(node) = queue.pop_front() {
            if node == to {
                let mut path = vec![to];
                while let Some(last) = path.last().filter(|last| **last != from) {
                    path.push(before[last]);
                }
                path.push(0);
                path.reverse();
                return Some(path);
            }
            for child in &self.children[node] {
                if *child != from && !before.contains_key(child) {
                    before.insert(*child, node);
                    queue.push_back(*child);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Graph;

    const TREE: &str = "0shop v0.1.0 (/srv/shop)|
1axum v0.8.9|default,tokio
2hyper-util v0.1.21|server
3tokio v1.54.1|net,rt
4mio v1.2.5|net
2tokio v1.54.1|net,rt (*)
1serde v1.0.228|default,derive
1tokio v1.54.1|net,rt (*)
";

    #[test]
    fn each_way_to_a_package_starts_at_a_dependency_of_ones_own() {
        let graph = Graph::parse(TREE).unwrap();
        let mio = graph.nodes.iter().position(|node| node.name == "mio").unwrap();
        let names =
            |path: &Vec<usize>| path.iter().map(|node| graph.nodes[*node].name.as_str()).collect::<Vec<_>>().join(" ");
        let ways: Vec<_> = graph.paths(mio).iter().map(names).collect();
        assert_eq!(ways, ["shop axum tokio mio", "shop tokio mio"]);
    }

    #[test]
    fn features_and_versions_are_read() {
        let graph = Graph::parse(TREE).unwrap();
        let tokio = graph.nodes.iter().find(|node| node.name == "tokio").unwrap();
        assert_eq!((tokio.version.as_str(), tokio.line()), ("1.54.1", (1, 54)));
        assert_eq!(tokio.on(&["fs", "net", "rt"]), ["net", "rt"]);
        assert_eq!(graph.nodes.len(), 6);
        assert!(Graph::parse("no tree").is_err());
    }
}
