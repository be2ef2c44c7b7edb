//! Which module imports which, read from the `use` lines and paths in a crate's code. Re-exports are followed.

use std::collections::{BTreeMap, BTreeSet};

use super::source::File;

/// The path of a module from the crate's root; the root's own is empty.
type Module = Vec<String>;

/// The modules of one crate, with the paths that each uses.
pub(crate) struct Crate {
    modules: BTreeMap<Module, Vec<Vec<String>>>,
    re_exports: BTreeMap<(Module, String), Vec<String>>,
}

/// An import from one module into another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Import {
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Crate {
    /// Reads the crate whose sources are below `root`, a path that ends in `/src/`. Test modules are left out.
    pub(crate) fn read(files: &[File], root: &str) -> Self {
        let own: Vec<_> = files
            .iter()
            .filter_map(|file| Some((module(file.path.strip_prefix(root)?)?, file.production())))
            .collect();
        let of_tests: BTreeSet<Module> = own
            .iter()
            .flat_map(|(module, code)| test_modules(code).map(|name| child(module, name)))
            .collect();
        let mut read = Self { modules: BTreeMap::new(), re_exports: BTreeMap::new() };
        for (module, code) in own {
            if of_tests.iter().any(|test| module.starts_with(test)) {
                continue;
            }
            for (is_public, path) in uses(code) {
                if let (true, Some(name)) = (is_public, path.last()) {
                    read.re_exports.insert((module.clone(), name.clone()), path);
                }
            }
            let paths = uses(code).map(|(_, path)| path).chain(inline_paths(code)).collect();
            read.modules.insert(module, paths);
        }
        read
    }

    /// Returns the imports between siblings, for every module. A module and its own children count as one and may import
    /// each other.
    pub(crate) fn imports(&self) -> BTreeSet<Import> {
        let mut imports = BTreeSet::new();
        for (module, paths) in &self.modules {
            for target in paths.iter().filter_map(|path| self.resolve(module, path, 8)) {
                let common = module.iter().zip(&target).take_while(|(own, other)| own == other).count();
                if module.len() > common && target.len() > common {
                    let name = |module: &[String]| module[..=common].join("::");
                    imports.insert(Import { from: name(module), to: name(&target) });
                }
            }
        }
        imports
    }

    /// Returns the module that `path`, as written in `module`, leads to; `None` if it is in another crate.
    fn resolve(&self, module: &[String], path: &[String], depth: usize) -> Option<Module> {
        let mut at = module.to_vec();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => (at, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while let Some(("super", after)) =
                    rest.split_first().map(|(first, after)| (first.as_str(), after))
                {
                    at.pop();
                    rest = after;
                }
            }
            first if self.modules.contains_key(&child(&at, first)) => {}
            _ => return None,
        }
        while let Some((name, after)) = rest.split_first() {
            let inner = child(&at, name);
            if self.modules.contains_key(&inner) {
                (at, rest) = (inner, after);
                continue;
            }
            let known =
                self.re_exports.get(&(at.clone(), name.clone())).filter(|_| depth > 0 && at != module);
            return Some(known.and_then(|path| self.resolve(&at, path, depth - 1)).unwrap_or(at));
        }
        Some(at)
    }
}

/// Returns the cycles among `imports`, each once.
pub(crate) fn cycles(imports: &BTreeSet<Import>) -> BTreeSet<Vec<String>> {
    let reached = |start: &String| {
        let (mut reached, mut next) = (BTreeSet::new(), vec![start.clone()]);
        while let Some(module) = next.pop() {
            let found = imports.iter().filter(|import| import.from == module).map(|import| import.to.clone());
            next.extend(found.filter(|found| reached.insert(found.clone())));
        }
        reached
    };
    let all: BTreeMap<_, _> =
        imports.iter().map(|import| (import.from.clone(), reached(&import.from))).collect();
    let leads_to = |from: &String, to: &String| all.get(from).is_some_and(|reached| reached.contains(to));
    all.iter()
        .map(|(module, reached)| {
            reached.iter().filter(|other| leads_to(other, module)).cloned().collect::<Vec<_>>()
        })
        .filter(|cycle| !cycle.is_empty())
        .collect()
}

fn module(path: &str) -> Option<Module> {
    let path = path.strip_suffix(".rs").filter(|path| *path != "main")?;
    let path = path.strip_suffix("/mod").unwrap_or(path);
    Some(if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() })
}

fn child(module: &[String], name: &str) -> Module {
    [module, &[name.to_owned()]].concat()
}

/// Returns the names of modules in files of their own that are compiled for tests only.
fn test_modules(code: &str) -> impl Iterator<Item = &str> {
    let declared =
        code.split("#[cfg(test)]\n").skip(1).filter_map(|rest| rest.lines().next()?.strip_suffix(';'));
    declared.filter_map(|line| line.rsplit_once("mod ").map(|(_, name)| name))
}

/// Returns the paths of `use` statements that begin a line, and whether each is public.
fn uses(code: &str) -> impl Iterator<Item = (bool, Vec<String>)> {
    let statements = code.split(';').filter_map(|statement| {
        let start = statement.rfind("\nuse ").map(|at| (false, at + 5));
        let public =
            statement.rfind("\npub").and_then(|at| Some((true, at + statement[at..].find("use ")? + 4)));
        let (is_public, at) =
            public.or(start).or_else(|| statement.starts_with("use ").then_some((false, 4)))?;
        let tree = &statement[at..];
        tree.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" \n:_{},*".contains(&byte))
            .then_some((is_public, tree))
    });
    statements.flat_map(|(is_public, tree)| leaves(tree).into_iter().map(move |path| (is_public, path)))
}

/// Returns the paths in a tree such as `a::{b, c::{self, d as e}}`.
fn leaves(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((head, inside)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![
            path.split("::")
                .map(|part| part.trim().to_owned())
                .filter(|part| part != "self" || path.starts_with("self"))
                .collect(),
        ];
    };
    let head: Vec<_> =
        head.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let inside = inside.trim_end().strip_suffix('}').unwrap_or(inside);
    let (mut depth, mut start, mut parts) = (0_usize, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inside[start..]);
    let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    parts
        .flat_map(|part| if part == "self" { vec![Vec::new()] } else { leaves(part) })
        .map(|leaf| [head.clone(), leaf].concat())
        .collect()
}

/// Returns the paths outside `use` statements that begin with `crate::` or `super::`.
fn inline_paths(code: &str) -> impl Iterator<Item = Vec<String>> {
    ["crate::", "super::"].into_iter().flat_map(move |start| {
        code.match_indices(start).filter_map(move |(at, _)| {
            let is_whole = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == ':' || c == '_');
            let path = code[at..].split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).next()?;
            let path: Vec<_> = path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
            (is_whole && path.len() > 1).then_some(path)
        })
    })
}

#[test]
fn finds_imports_through_trees_re_exports_and_paths() {
    let files = [
        File::new("a/src/lib.rs", "pub mod one;\nmod two;\nmod three;\npub use two::Two;\n"),
        File::new(
            "a/src/one/mod.rs",
            "mod inner;\nmod other;\n#[cfg(test)]\nmod testing;\npub use self::{inner::Inner, other::{Other, More}};\n",
        ),
        File::new(
            "a/src/one/inner.rs",
            "use std::fmt;\n\nuse super::{Other};\nuse crate::{three::{self, Three}};\n",
        ),
        File::new("a/src/one/other.rs", "fn f() { super::inner::g(); }\n"),
        File::new("a/src/one/testing.rs", "use crate::Two;\n"),
        File::new(
            "a/src/two.rs",
            "use crate::one::Inner;\n#[cfg(test)]\nmod tests {\n use crate::three;\n}\n",
        ),
        File::new("a/src/three.rs", "use crate::Two;\n"),
    ];
    let imports = Crate::read(&files, "a/src/").imports();
    let found: Vec<_> = imports.iter().map(|import| format!("{} {}", import.from, import.to)).collect();
    assert_eq!(
        found,
        ["one three", "one::inner one::other", "one::other one::inner", "three two", "two one"]
    );
    let cycles: Vec<_> = cycles(&imports).into_iter().map(|cycle| cycle.join(" ")).collect();
    assert_eq!(cycles, ["one three two", "one::inner one::other"]);
}
